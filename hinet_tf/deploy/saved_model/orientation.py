"""The EXIF orientation of a JPEG file, inside the graph."""

import tensorflow as tf

# A camera writes EXIF among the first segments; more than these are not looked through.
_MOST_SEGMENTS = 32


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


def turn_upright(image: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turns an image `(height, width, channels)` as an EXIF orientation says."""
    image = tf.ensure_shape(image, (None, None, None))

    def flipped(axes: list[int], transposed: bool = False):
        def turn() -> tf.Tensor:
            turned = tf.transpose(image, (1, 0, 2)) if transposed else image
            return tf.reverse(turned, axes) if axes else turned

        return turn

    turns = [
        flipped([]),
        flipped([1]),
        flipped([0, 1]),
        flipped([0]),
        flipped([], transposed=True),
        flipped([1], transposed=True),
        flipped([0, 1], transposed=True),
        flipped([0], transposed=True),
    ]
    return tf.switch_case(orientation - 1, turns)


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
