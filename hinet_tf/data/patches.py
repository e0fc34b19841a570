"""Cutting patches, and from file values to network values."""

from collections.abc import Sequence

import tensorflow as tf

from hinet_tf.data import random_numbers

# ITU-R BT.601 luma, as Pillow's mode "L".
_LUMA = (0.299, 0.587, 0.114)


def random_patches(
    images: Sequence[tf.Tensor], side: int, seed: tf.Tensor, margin: int = 0
) -> list[tf.Tensor]:
    """Cuts the same random square out of each image.

    An image too small for the square is continued by reflection with the edge pixel repeated
    (`cv2.BORDER_REFLECT` in the official code) at the right and the bottom; the margin, which
    only feeds a degradation, is continued on every side.

    Args:
        images: Tensors `(height, width, channels)` of one height and width.
        side: Side of the square, without the margin.
        seed: A seed as in `random_numbers.as_seed`.
        margin: Surroundings to cut along on each side.

    Returns:
        Tensors `(side + 2 * margin, side + 2 * margin, channels)`.

    Example:
    >>> degraded, clean = random_patches([image, image], 256, seed=7)
    """
    height, width = tf.unstack(tf.shape(images[0])[:2])
    extent = side + 2 * margin
    row_seed, column_seed = random_numbers.fold_in(seed, 0), random_numbers.fold_in(seed, 1)

    def inside() -> list[tf.Tensor]:
        top = random_numbers.integer(row_seed, 0, height - extent + 1)
        left = random_numbers.integer(column_seed, 0, width - extent + 1)
        return [image[top : top + extent, left : left + extent] for image in images]

    def reflected() -> list[tf.Tensor]:
        rows = _reflected_indices(height, side, margin, row_seed)
        columns = _reflected_indices(width, side, margin, column_seed)
        return [tf.gather(tf.gather(image, rows), columns, axis=1) for image in images]

    patches = tf.cond(tf.minimum(height, width) >= extent, inside, reflected)
    return [tf.ensure_shape(patch, (extent, extent, None)) for patch in patches]


def to_network(image: tf.Tensor, channels: int) -> tf.Tensor:
    """Turns file values into float32 in [0, 1] with 1 or 3 channels.

    Args:
        image: uint8 or uint16 tensor `(height, width, 1 or 3)`.
        channels: 3 repeats a gray image, 1 takes the BT.601 luma of an RGB image.

    Returns:
        A float32 tensor `(height, width, channels)`.

    Example:
    >>> values = to_network(image, channels=3)
    """
    values = tf.cast(image, tf.float32) / float(image.dtype.max)

    def other() -> tf.Tensor:
        if channels == 3:
            return tf.repeat(values[..., :1], 3, axis=-1)
        # The channels are only known at run time; a gray image never gets here.
        return tf.reduce_sum(values * tf.constant(_LUMA), axis=-1, keepdims=True)

    converted = tf.cond(tf.shape(values)[-1] == channels, lambda: values, other)
    return tf.ensure_shape(converted, (*image.shape[:2], channels))


def _reflected_indices(size: tf.Tensor, side: int, margin: int, seed: tf.Tensor) -> tf.Tensor:
    start = random_numbers.integer(seed, 0, tf.maximum(size - side, 0) + 1) - margin
    # Modulo twice the size, so that an image much smaller than the patch is reflected repeatedly.
    index = (start + tf.range(side + 2 * margin)) % (2 * size)
    return tf.minimum(index, 2 * size - 1 - index)
