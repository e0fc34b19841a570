"""Flips and rotations, with the laws the official training draws them by."""

from keras import ops

from hinet_tf.data import random_numbers
from hinet_tf.tasks.recipe import AUGMENTATIONS

# Each mode as an exchange of rows and columns (or not) and the axes reversed after it.
_MODES = (
    (False, ()),
    (False, (1,)),
    (True, (1,)),
    (True, ()),
    (False, (1, 2)),
    (False, (2,)),
    (True, (2,)),
    (True, (1, 2)),
)


def dihedral(images, mode):
    """Applies one of the eight flips and rotations of a square to all images alike.

    Args:
        images: Tensor `(count, side, side, channels)`.
        mode: Scalar int32 tensor: `mode // 2` quarter turns counterclockwise, then a flip
            upside down if `mode` is odd. These are the mode numbers of the official SIDD code.

    Returns:
        A tensor of the same shape and values.

    Example:
    >>> upside_down = dihedral(images, 1)
    """

    def transform(exchanged: bool, axes: tuple[int, ...]):
        def apply(images):
            turned = ops.transpose(images, (0, 2, 1, 3)) if exchanged else images
            return ops.flip(turned, axes) if axes else turned

        return apply

    return ops.switch(mode, [transform(*m) for m in _MODES], images)


def draw_mode(seed, law: str):
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
        return ops.zeros((), "int32")
    if law == "dihedral":
        return random_numbers.integer(seed, 0, 8)
    if law == "sidd":
        # Fourteen tickets: seven for the identity, one for each other mode.
        return ops.maximum(random_numbers.integer(seed, 0, 14) - 6, 0)
    raise ValueError(f"`augmentation` is {law!r}; expected one of {', '.join(AUGMENTATIONS)}.")
