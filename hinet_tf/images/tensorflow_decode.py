"""Decoding image files inside and outside `tf.data`."""

import numpy as np
import tensorflow as tf

from hinet_tf.images.header import FORMATS, ImageFileError, ImageHeader
from hinet_tf.images.python_decode import decode_in_python

# What Pillow, OpenCV and the official code decode with; TensorFlow's default is a faster one.
_DCT = "INTEGER_ACCURATE"


def decode_image(path: tf.Tensor, format_number: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """Decodes one file to the values that libpng or libjpeg-turbo give for it.

    PNG and JPEG are decoded without Python and its lock; WebP and TIFF through Pillow and
    tifffile. An alpha channel is dropped.

    Args:
        path: Scalar string tensor.
        format_number: Position of the file's format in `image_header.FORMATS`.
        dtype: `tf.uint8`, or `tf.uint16` to keep 16 bits; 8-bit values are then times 257.

    Returns:
        A tensor `(height, width, 1 or 3)` of `dtype`.

    Example:
    >>> image = decode_image(tf.constant("photo.png"), tf.constant(0), tf.uint8)
    """

    def png() -> tf.Tensor:
        return _without_alpha(tf.io.decode_png(tf.io.read_file(path), dtype=dtype))

    def jpeg() -> tf.Tensor:
        image = tf.io.decode_jpeg(tf.io.read_file(path), dct_method=_DCT)
        return tf.cast(image, dtype) * 257 if dtype == tf.uint16 else image

    def other(format: str) -> tf.Tensor:
        def decode(name) -> np.ndarray:
            return _decode_in_python(np.asarray(name).item().decode(), format, dtype)

        return tf.numpy_function(decode, [path], dtype)

    branches = [{"PNG": png, "JPEG": jpeg}.get(f, lambda f=f: other(f)) for f in FORMATS]
    return tf.ensure_shape(tf.switch_case(format_number, branches), (None, None, None))


def decode_content(content: tf.Tensor) -> tf.Tensor:
    """Decodes the bytes of a PNG or JPEG file in the graph, to the same values.

    Args:
        content: Scalar string tensor.

    Returns:
        A uint8 tensor `(height, width, channels)`.

    Example:
    >>> image = decode_content(tf.io.read_file("photo.jpg"))
    """
    return tf.cond(
        tf.io.is_jpeg(content),
        lambda: tf.io.decode_jpeg(content, dct_method=_DCT),
        lambda: tf.io.decode_png(content),
    )


def decode_file(header: ImageHeader, dtype: tf.DType | None = None) -> np.ndarray:
    """Decodes one file outside `tf.data`, to the same values.

    Args:
        header: The file's header.
        dtype: As for `decode_image`; by default what the file holds.

    Returns:
        An array `(height, width, 1 or 3)`.

    Raises:
        ImageFileError: If the content cannot be decoded.

    Example:
    >>> image = decode_file(read_header("photo.png"))
    """
    if dtype is None:
        dtype = tf.uint16 if header.bits == 16 else tf.uint8
    try:
        if header.format not in ("PNG", "JPEG"):
            return _decode_in_python(str(header.path), header.format, dtype)
        number = tf.constant(FORMATS.index(header.format))
        return decode_image(tf.constant(str(header.path)), number, dtype).numpy()
    except ImageFileError:
        raise
    # The decoders have no common error; whatever they raise, the file is at fault.
    except (tf.errors.InvalidArgumentError, OSError, ValueError, RuntimeError) as error:
        raise ImageFileError(header.path, "the content is corrupt", "copy it again") from error


def _without_alpha(image: tf.Tensor) -> tf.Tensor:
    channels = tf.shape(image)[-1]
    return image[..., : tf.where(channels < 3, 1, 3)]


def _decode_in_python(path: str, format: str, dtype: tf.DType) -> np.ndarray:
    image = decode_in_python(path, format)
    if image.dtype == np.uint8 and dtype == tf.uint16:
        return image.astype(np.uint16) * 257
    return image
