"""What an image file declares about itself, read inside the graph."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

KINDS = ("PNG", "JPEG", "WEBP", "BMP")
_EXPECTED = "expected a PNG, JPEG, WebP or BMP image; received "


class FileHeader(NamedTuple):
    """Kind and size that a file declares.

    Args:
        kind: Position of its format in `KINDS`; 0 if there is a problem.
        height: int64 rows; 0 where the header is damaged.
        width: int64 columns.
        is_deep: Whether it holds 16 bits per value.
        problem: Empty, or why such a file is not taken.

    Example:
    >>> KINDS[read_file_header(tf.io.read_file("photo.jpg")).kind]
    'JPEG'
    """

    kind: tf.Tensor
    height: tf.Tensor
    width: tf.Tensor
    is_deep: tf.Tensor
    problem: tf.Tensor


def read_file_header(content: tf.Tensor) -> FileHeader:
    """Reads kind and size without decoding; fails for no content whatsoever.

    Layouts: PNG specification section 11.2.2, WebP container specification and RFC 6386
    section 9.1, the Windows `BITMAPINFOHEADER`, and TensorFlow's own reader for JPEG.

    Args:
        content: Scalar string, the bytes of a file.

    Returns:
        The header.
    """
    # A shorter file is as good as one that goes on with zeros.
    start = tf.strings.join([tf.strings.substr(content, 0, 40), b"\0" * 40])
    start = tf.strings.substr(start, 0, 40)
    head = tf.cast(tf.ensure_shape(tf.io.decode_raw(start, tf.uint8), (40,)), tf.int64)

    is_png = _begins(head, b"\x89PNG\r\n\x1a\n")
    is_jpeg = _begins(head, b"\xff\xd8\xff")
    is_webp = _begins(head, b"RIFF") & _begins(head[8:], b"WEBP")
    is_bmp = _begins(head, b"BM")
    jpeg = tf.cond(is_jpeg, lambda: _jpeg_shape(content), lambda: tf.zeros((3,), tf.int64))
    webp_width, webp_height = _webp_size(head[12:])
    bmp_height = _little(head[22:26])
    sizes = [
        (is_png, _little(head[16:20][::-1]), _little(head[20:24][::-1])),
        (is_jpeg, jpeg[1], jpeg[0]),
        (is_webp, webp_width, webp_height),
        # A negative height means rows from top to bottom.
        (is_bmp, _little(head[18:22]), tf.minimum(bmp_height, 2**32 - bmp_height)),
    ]
    kind, width, height = tf.constant(0), tf.constant(0, tf.int64), tf.constant(0, tf.int64)
    for index, (holds, own_width, own_height) in enumerate(sizes):
        kind = tf.where(holds, index, kind)
        width = tf.where(holds, own_width, width)
        height = tf.where(holds, own_height, height)

    is_plain_bmp = (head[28] == 24) & (_little(head[30:34]) == 0)
    problems = [
        (tf.strings.length(content) == 0, "the file is empty"),
        (_begins(head, b"GIF8"), _EXPECTED + "a GIF"),
        (~(is_png | is_jpeg | is_webp | is_bmp), _EXPECTED + "something else"),
        (is_png & (head[24] == 1), "the image has 1 bit per pixel; convert it to 8-bit gray"),
        (is_jpeg & (jpeg[2] == 4), "the colours are CMYK; convert the file to RGB"),
        (
            is_webp & _begins(head[12:], b"VP8X") & (head[20] // 2 % 2 == 1),
            "the file is an animation; send one frame as an image",
        ),
        (
            is_bmp & ~is_plain_bmp,
            "expected an uncompressed BMP of 24 bits; send other ones as PNG",
        ),
    ]
    problem = tf.constant("")
    for holds, reason in reversed(problems):
        problem = tf.where(holds, reason, problem)
    return FileHeader(kind, height, width, is_png & (head[24] == 16), problem)


def value_or_default(
    function: Callable[[tf.Tensor], tf.Tensor], argument: tf.Tensor, default: tf.Tensor
) -> tf.Tensor:
    """`try` and `except` for graphs: the value of a function, or a default where it raises.

    A dataset that ignores errors is the only place where a graph survives one.

    Args:
        function: From one tensor to one of the default's type.
        argument: What it is called with.
        default: The value if it raises.

    Returns:
        One or the other.
    """
    as_it_stands = tf.autograph.experimental.do_not_convert(function)
    values = tf.data.Dataset.from_tensors(argument).map(as_it_stands).ignore_errors()
    return values.concatenate(tf.data.Dataset.from_tensors(default)).take(1).get_single_element()


def _begins(head: tf.Tensor, signature: bytes) -> tf.Tensor:
    return tf.reduce_all(head[: len(signature)] == tf.constant(list(signature), tf.int64))


def _little(values: tf.Tensor) -> tf.Tensor:
    """A little-endian integer."""
    weights = tf.constant([256**i for i in range(values.shape[0])], tf.int64)
    return tf.reduce_sum(values * weights)


def _jpeg_shape(content: tf.Tensor) -> tf.Tensor:
    def read(data: tf.Tensor) -> tf.Tensor:
        return tf.ensure_shape(tf.image.extract_jpeg_shape(data, tf.int32), (3,))

    return tf.cast(value_or_default(read, content, tf.zeros((3,), tf.int32)), tf.int64)


def _webp_size(chunk: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Width and height from the first chunk, which begins with its name and its length."""
    packed = _little(chunk[9:13])
    none = tf.constant(0, tf.int64)
    layouts = [
        (b"VP8 ", _little(chunk[14:16]) % 2**14, _little(chunk[16:18]) % 2**14),
        (b"VP8L", packed % 2**14 + 1, packed // 2**14 % 2**14 + 1),
        (b"VP8X", _little(chunk[12:15]) + 1, _little(chunk[15:18]) + 1),
    ]
    width = height = none
    for name, own_width, own_height in layouts:
        width = tf.where(_begins(chunk, name), own_width, width)
        height = tf.where(_begins(chunk, name), own_height, height)
    return width, height
