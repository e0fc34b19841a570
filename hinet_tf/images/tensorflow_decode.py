"""Decoding image files inside `tf.data`, to the pixels of `header.decode_file`."""

import numpy as np
import tensorflow as tf

from hinet_tf.images.header import ImageHeader, decode_file, read_header

# What Pillow, OpenCV and the official code decode with; TensorFlow's default is a faster one.
_DCT = "INTEGER_ACCURATE"
_IN_GRAPH = ("PNG", "JPEG")


def decoder_number(header: ImageHeader) -> int:
    """Which branch of `decode_image` decodes a file."""
    in_graph = header.format in _IN_GRAPH and not header.turned
    return _IN_GRAPH.index(header.format) if in_graph else len(_IN_GRAPH)


def decode_image(path: tf.Tensor, number: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """Decodes one file.

    Upright PNG and JPEG are decoded without Python and its lock, the others by `decode_file`. An
    alpha channel is dropped.

    Args:
        path: Scalar string tensor.
        number: The file's `decoder_number`.
        dtype: `tf.uint8`, or `tf.uint16` to keep 16 bits; 8-bit values are then times 257.

    Returns:
        A tensor `(height, width, 1 or 3)` of `dtype`.

    Example:
    >>> decode_image(tf.constant("photo.png"), tf.constant(0), tf.uint8).shape
    TensorShape([64, 96, 3])
    """

    def png() -> tf.Tensor:
        return _without_alpha(tf.io.decode_png(tf.io.read_file(path), dtype=dtype))

    def jpeg() -> tf.Tensor:
        image = tf.io.decode_jpeg(tf.io.read_file(path), dct_method=_DCT)
        return tf.cast(image, dtype) * 257 if dtype == tf.uint16 else image

    def other() -> tf.Tensor:
        def decode(name) -> np.ndarray:
            header = read_header(np.asarray(name).item().decode())
            return decode_file(header, dtype.as_numpy_dtype)

        return tf.numpy_function(decode, [path], dtype)

    return tf.ensure_shape(tf.switch_case(number, [png, jpeg, other]), (None, None, None))


def decode_content(content: tf.Tensor) -> tf.Tensor:
    """Decodes the bytes of a PNG or JPEG file in the graph, to the same values.

    Args:
        content: Scalar string tensor.

    Returns:
        A uint8 tensor `(height, width, channels)`.

    Example:
    >>> decode_content(tf.io.read_file("photo.jpg")).shape
    TensorShape([64, 96, 3])
    """
    return tf.cond(
        tf.io.is_jpeg(content),
        lambda: tf.io.decode_jpeg(content, dct_method=_DCT),
        lambda: tf.io.decode_png(content),
    )


def _without_alpha(image: tf.Tensor) -> tf.Tensor:
    channels = tf.shape(image)[-1]
    return image[..., : tf.where(channels < 3, 1, 3)]
