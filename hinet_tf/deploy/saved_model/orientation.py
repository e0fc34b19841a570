"""The EXIF orientation of a JPEG, PNG or WebP file, inside the graph."""

from collections.abc import Callable

import tensorflow as tf

# A camera writes EXIF among the first segments; more than these are not looked through.
_MOST_SEGMENTS = 32
# Encoders write the pixels of a PNG in chunks of 8 KiB and more, a WebP has a handful: enough for
# any photo, and no work for one of empty chunks.
_MOST_CHUNKS = 4096


def jpeg_orientation(content: tf.Tensor) -> tf.Tensor:
    """The EXIF orientation of a JPEG, 1 to 8; 1 where there is none (CIPA DC-008, 4.6.4).

    A restored PNG carries no EXIF, so that a phone's portrait would come back lying on its side.

    Args:
        content: Scalar string, the bytes of a JPEG file.

    Returns:
        Scalar int32.
    """
    # An APP1 segment has at most 64 KB and comes first, or behind others of that kind.
    data = tf.cast(tf.io.decode_raw(tf.strings.substr(content, 0, 2**18), tf.uint8), tf.int32)
    data = tf.pad(data, [[0, 64]])
    last = tf.size(data) - 64

    def is_other_segment(position: tf.Tensor, _: tf.Tensor) -> tf.Tensor:
        marker = data[position + 1]
        is_segment = (data[position] == 0xFF) & (marker >= 0xE0) & (marker <= 0xEF)
        return is_segment & ~_is_exif(data, position)

    def skip(position: tf.Tensor, count: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        length = data[position + 2] * 256 + data[position + 3]
        return tf.minimum(position + 2 + length, last), count + 1

    position, _ = tf.while_loop(
        is_other_segment, skip, (tf.constant(2), tf.constant(0)), maximum_iterations=_MOST_SEGMENTS
    )
    return tf.cond(
        _is_exif(data, position),
        lambda: _orientation(data[position + 10 :]),
        lambda: tf.constant(1),
    )


def png_orientation(content: tf.Tensor) -> tf.Tensor:
    """The same of a PNG: of its `eXIf` chunk (PNG, third edition, 11.3.4.6)."""
    # Behind the signature: length, name, content and checksum of each chunk.
    return _orientation_in_chunk(content, 8, b"eXIf", is_big=True, size_first=True, behind=4)


def webp_orientation(content: tf.Tensor) -> tf.Tensor:
    """The same of a WebP: of its `EXIF` chunk (RFC 9649, 2.7.1.5)."""
    # Behind the header: name, length, content and a byte where that is odd.
    return _orientation_in_chunk(content, 12, b"EXIF", is_big=False, size_first=False, behind=0)


def _orientation_in_chunk(
    content: tf.Tensor, start: int, name: bytes, is_big: bool, size_first: bool, behind: int
) -> tf.Tensor:
    """Finds a chunk by its name among the others, and looks the tag up in it."""
    weights = tf.constant([1, 2**8, 2**16, 2**24][:: -1 if is_big else 1], tf.int64)
    end = tf.strings.length(content) - 8

    def word(position: tf.Tensor) -> tf.Tensor:
        return tf.strings.substr(content, position, 4)

    def length(position: tf.Tensor) -> tf.Tensor:
        size = tf.io.decode_raw(word(position + (0 if size_first else 4)), tf.uint8)
        size = tf.reduce_sum(tf.cast(size, tf.int64) * weights)
        return tf.cast(tf.minimum(size, tf.cast(end, tf.int64)), tf.int32)

    def is_at(position: tf.Tensor) -> tf.Tensor:
        return word(position + (4 if size_first else 0)) == name

    def is_before_end(position: tf.Tensor, holds: Callable[[], tf.Tensor]) -> tf.Tensor:
        # Beyond the end there is no word to read.
        return tf.cond(position <= end, holds, lambda: tf.constant(False))

    def skip(position: tf.Tensor) -> tf.Tensor:
        size = length(position)
        padding = 0 if size_first else size % 2
        return tf.minimum(position + 8 + size + padding + behind, end + 1)

    (position,) = tf.while_loop(
        lambda position: is_before_end(position, lambda: ~is_at(position)),
        skip,
        (tf.constant(start),),
        maximum_iterations=_MOST_CHUNKS,
    )

    def found() -> tf.Tensor:
        block = tf.strings.substr(content, position + 8, tf.minimum(length(position), 2**16))
        # Some programs write the header of a JPEG's segment too.
        has_header = tf.strings.substr(block, 0, 6) == b"Exif\0\0"
        block = tf.strings.substr(block, tf.where(has_header, 6, 0), 2**16)
        data = tf.cast(tf.io.decode_raw(block, tf.uint8), tf.int32)
        return _orientation(tf.pad(data, [[0, 64]]))

    is_found = is_before_end(position, lambda: is_at(position))
    return tf.cond(is_found, found, lambda: tf.constant(1))


def turn_upright(image: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turns an image `(height, width, channels)` as an EXIF orientation says."""
    image = tf.ensure_shape(image, (None, None, None))

    def flipped(axes: list[int], transposed: bool):
        def turn() -> tf.Tensor:
            turned = tf.transpose(image, (1, 0, 2)) if transposed else image
            return tf.reverse(turned, axes) if axes else turned

        return turn

    turns = ((axes, transposed) for transposed in (False, True) for axes in ([], [1], [0, 1], [0]))
    return tf.switch_case(orientation - 1, [flipped(*turn) for turn in turns])


def _is_exif(data: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
    is_app1 = (data[position] == 0xFF) & (data[position + 1] == 0xE1)
    return is_app1 & tf.reduce_all(data[position + 4 : position + 10] == list(b"Exif\0\0"))


def _orientation(tiff: tf.Tensor) -> tf.Tensor:
    """Looks tag 0x0112 up in the first directory of a TIFF block."""
    is_big = tiff[0] == ord("M")
    small, large = tf.constant([1, 256]), tf.constant([256, 1])
    weights = tf.where(is_big, large, small)
    first = tf.where(is_big, tiff[6] * 256 + tiff[7], tiff[4] + tiff[5] * 256)
    # The 64 padded zeros make every short read end in "no such tag".
    first = tf.minimum(first, tf.size(tiff) - 14)
    count = tf.reduce_sum(tiff[first : first + 2] * weights)
    count = tf.minimum(count, (tf.size(tiff) - first - 2) // 12)
    entries = tf.reshape(tiff[first + 2 : first + 2 + 12 * count], (-1, 12))
    tags = tf.reduce_sum(entries[:, :2] * weights, axis=1)
    values = tf.reduce_sum(entries[:, 8:10] * weights, axis=1)
    value = tf.reduce_max(tf.where(tags == 0x0112, values, 1))
    # Of a directory without entries, as Pillow writes one, the maximum is the least integer.
    return tf.where((value < 1) | (value > 8), 1, value)
