"""What the pipeline asks of a degradation."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Degradation(Protocol):
    """A pure function of a clean image and a seed, written with `keras.ops` only.

    The same image and seed give the same result eagerly, inside `tf.data`, on an accelerator and
    on another Keras backend. Any callable with these two members will do.

    Attributes:
        margin: Pixels of surroundings that a result depends on, on each side. The pipeline cuts
            patches that much larger and trims them, so that no patch shows an invented border.

    Example:
    >>> isinstance(GaussianNoise(), Degradation)
    True
    """

    margin: int

    def __call__(self, image, seed):
        """Returns the degraded image.

        Args:
            image: Float32 tensor `(height, width, channels)` of static shape, in [0, 1].
            seed: An integer, or a uint32 tensor of shape `(2,)`.

        Returns:
            A float32 tensor of the same shape.
        """
        ...
