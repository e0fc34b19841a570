"""Flips and rotations, with the laws the official training draws them by."""

import tensorflow as tf

from hinet_tf.data import random_numbers

# Laws of the official data classes (basicsr/data/transforms.py of megvii-model/HINet):
# `augment` flips both axes and transposes with probability 1/2 each, which is uniform over the
# eight transforms; `random_augmentation`, used for SIDD only, does nothing half of the time and
# else draws one of the seven others.
AUGMENTATIONS = ("dihedral", "sidd", "none")


def dihedral(image: tf.Tensor, mode: tf.Tensor) -> tf.Tensor:
    """Applies one of the eight flips and rotations of a square.

    Args:
        image: Tensor `(side, side, channels)`.
        mode: Scalar integer tensor: `mode // 2` quarter turns counterclockwise, then a flip
            upside down if `mode` is odd. These are the mode numbers of the official SIDD code.

    Returns:
        A tensor of the same shape and values.

    Example:
    >>> upside_down = dihedral(image, 1)
    """
    turned = tf.switch_case(
        mode // 2, [lambda quarter=quarter: _turn(image, quarter) for quarter in range(4)]
    )
    return tf.cond(mode % 2 == 1, lambda: tf.reverse(turned, [0]), lambda: turned)


def draw_mode(seed: tf.Tensor, law: str) -> tf.Tensor:
    """Draws the mode of `dihedral` by a law.

    Args:
        seed: A seed as in `random_numbers.as_seed`.
        law: One of `AUGMENTATIONS`: `"dihedral"`, all eight alike; `"sidd"`, the identity with
            probability 1/2 and 1/14 each of the others; `"none"`.

    Returns:
        A scalar int32 tensor.

    Raises:
        ValueError: If the law is unknown.

    Example:
    >>> mode = draw_mode(seed=7, law="sidd")
    """
    if law == "none":
        return tf.constant(0)
    if law == "dihedral":
        return random_numbers.integer(seed, 0, 8)
    if law == "sidd":
        # Fourteen tickets: seven for the identity, one for each other mode.
        return tf.maximum(random_numbers.integer(seed, 0, 14) - 6, 0)
    raise ValueError(f"`augmentation` is {law!r}; expected one of {', '.join(AUGMENTATIONS)}.")


def _turn(image: tf.Tensor, quarters: int) -> tf.Tensor:
    return tf.image.rot90(image, quarters)
