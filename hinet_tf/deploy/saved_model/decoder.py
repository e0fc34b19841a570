"""Image files from strangers to pixels, inside the graph, without an error escaping."""

from typing import NamedTuple

import tensorflow as tf

from hinet_tf.deploy.saved_model.file_header import KINDS, read_file_header, value_or_default
from hinet_tf.deploy.saved_model.orientation import (
    jpeg_orientation,
    png_orientation,
    turn_upright,
    webp_orientation,
)

CORRUPT = "the content is truncated or corrupt; send the file again"


class DecodedImage(NamedTuple):
    """One decoded file, or the reason why there is none.

    Args:
        pixels: uint16 `(height, width, channels)`; values of 8 bits times 257.
        peak: Float32 255 or 65535: the largest value of the file's own depth.
        problem: Empty, or why the file is refused.

    Example:
    >>> decode_file_in_graph(tf.constant(b"GIF89a"), max_pixels=100).problem.numpy()
    b'expected a PNG, JPEG, WebP or BMP image; received a GIF'
    """

    pixels: tf.Tensor
    peak: tf.Tensor
    problem: tf.Tensor


def decode_file_in_graph(content: tf.Tensor, max_pixels: int, webp: bool = True) -> DecodedImage:
    """Decodes a PNG, JPEG, WebP or BMP file to exactly what libpng, libjpeg-turbo or libwebp give.

    An error in a decoder would fail a whole request, and with it the images of others that a
    server has batched into it. Here it becomes a `problem`: size, kind and completeness are
    read from the header first, so that nothing large is decoded, and the decoders run inside a
    dataset that ignores errors.

    Args:
        content: Scalar string, the bytes of the file.
        max_pixels: Larger images are refused by the size that they declare.
        webp: Whether WebP is taken, for which TensorFlow got an operation only lately.

    Returns:
        Pixels, upright as EXIF says, or a problem.
    """
    header = read_file_header(content)
    limit = tf.constant(max_pixels, tf.int64)
    size = tf.strings.join(
        [tf.strings.as_string(header.width), tf.strings.as_string(header.height)], "x"
    )
    too_large = tf.strings.join(
        ["the image has ", size, f" pixels; expected at most {max_pixels} in all"]
    )
    # Both sides stay below 2**31, so that the product does not overflow.
    is_large = (header.height > limit) | (header.width > limit)
    is_large |= header.height * header.width > limit
    is_unknown = tf.constant(not webp) & (header.kind == KINDS.index("WEBP"))
    refusals = [
        (is_unknown, tf.constant("this server takes no WebP; send the image as PNG or JPEG")),
        (header.problem != "", header.problem),
        ((header.height < 1) | (header.width < 1), tf.constant(CORRUPT)),
        (is_large, too_large),
    ]
    problem = tf.constant("")
    for holds, reason in reversed(refusals):
        problem = tf.where(holds, reason, problem)

    nothing = tf.zeros((0, 0, 0), tf.uint16)
    pixels = tf.cond(
        problem == "",
        lambda: value_or_default(lambda data: _decode(data, header.kind, webp), content, nothing),
        lambda: nothing,
    )
    failed = (problem == "") & (tf.size(pixels) == 0)
    peak = tf.where(header.is_deep, 65535.0, 255.0)
    return DecodedImage(pixels, peak, tf.where(failed, CORRUPT, problem))


def _decode(content: tf.Tensor, kind: tf.Tensor, takes_webp: bool) -> tf.Tensor:
    def png() -> tf.Tensor:
        image = tf.io.decode_png(content, dtype=tf.uint16)
        return turn_upright(image, png_orientation(content))

    def jpeg() -> tf.Tensor:
        # What Pillow, libvips and the official code decode with; the default is a faster one.
        image = tf.io.decode_jpeg(content, dct_method="INTEGER_ACCURATE")
        return _deepen(turn_upright(image, jpeg_orientation(content)))

    def webp() -> tf.Tensor:
        # The first and only frame; animations are refused by their header.
        return _deepen(turn_upright(tf.io.decode_webp(content)[0], webp_orientation(content)))

    def bmp() -> tf.Tensor:
        return _deepen(tf.io.decode_bmp(content))

    branches = {"PNG": png, "JPEG": jpeg, "WEBP": webp if takes_webp else png, "BMP": bmp}
    image = tf.switch_case(kind, [branches[name] for name in KINDS])
    return tf.ensure_shape(image, (None, None, None))


def _deepen(image: tf.Tensor) -> tf.Tensor:
    return tf.cast(image, tf.uint16) * tf.constant(257, tf.uint16)
