"""Decoding image files inside and outside `tf.data`."""

import numpy as np
import tensorflow as tf
import tifffile
from PIL import Image

from hinet_tf.data.image_header import FORMATS, ImageFileError, ImageHeader

# The position of a format in FORMATS is its number in the graph.
_IN_GRAPH = FORMATS.index("PNG"), FORMATS.index("JPEG")


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
        # The accurate DCT is what Pillow, OpenCV and the official code decode with.
        image = tf.io.decode_jpeg(tf.io.read_file(path), dct_method="INTEGER_ACCURATE")
        return tf.cast(image, dtype) * 257 if dtype == tf.uint16 else image

    def other() -> tf.Tensor:
        return tf.numpy_function(
            lambda name: _decode_in_python(name.decode(), dtype.as_numpy_dtype), [path], dtype
        )

    image = tf.switch_case(format_number, {_IN_GRAPH[0]: png, _IN_GRAPH[1]: jpeg}, default=other)
    return tf.ensure_shape(image, (None, None, None))


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
        number = tf.constant(FORMATS.index(header.format))
        return decode_image(tf.constant(str(header.path)), number, dtype).numpy()
    except (tf.errors.InvalidArgumentError, tf.errors.UnknownError) as error:
        raise ImageFileError(header.path, "the content is corrupt", "copy it again") from error


def _without_alpha(image: tf.Tensor) -> tf.Tensor:
    channels = tf.shape(image)[-1]
    return image[..., : tf.where(channels < 3, 1, 3)]


def _decode_in_python(path: str, dtype: type) -> np.ndarray:
    image = _read_tiff(path) if path.lower().endswith((".tif", ".tiff")) else _read_pillow(path)
    image = image[..., np.newaxis] if image.ndim == 2 else image
    image = image[..., : 1 if image.shape[2] < 3 else 3]
    if image.dtype == np.uint8 and dtype == np.uint16:
        return image.astype(np.uint16) * 257
    return image


def _read_pillow(path: str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB") if image.mode in ("P", "RGBA") else image)


def _read_tiff(path: str) -> np.ndarray:
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        if page.compression.name in ("NONE", "ADOBE_DEFLATE", "DEFLATE"):
            if page.photometric.name in ("RGB", "MINISBLACK"):
                image = page.asarray()
                return np.moveaxis(image, 0, -1) if page.planarconfig.name == "SEPARATE" else image
        elif page.bitspersample == 16:
            raise ValueError(
                f"{path}: 16-bit TIFF compressed with {page.compression.name} cannot be read; "
                f"save it uncompressed, with Deflate, or as PNG."
            )
    return _read_pillow(path)
