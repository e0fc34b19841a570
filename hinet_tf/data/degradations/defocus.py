"""Blur of a lens out of focus."""

import math
from dataclasses import dataclass

from keras import ops

from hinet_tf.data.degradations.blur import blur_light, disk
from hinet_tf.data.degradations.parameters import Range, as_range, draw
from hinet_tf.data.random_numbers import fold_in


@dataclass(frozen=True)
class Defocus:
    """Spreads every point of light over a disk, the image of a round aperture.

    Args:
        radius: Radius of the disk in pixels, or a range to draw it from uniformly.

    Raises:
        ValueError: If `radius` is not within 0 to 100.

    Example:
    >>> blurred = Defocus(radius=4)(image, seed=7)
    """

    radius: Range = (0.5, 6.0)

    def __post_init__(self):
        as_range("radius", self.radius, 0, 100)

    @property
    def margin(self) -> int:
        """The largest radius, and one pixel for the soft edge."""
        return math.ceil(as_range("radius", self.radius, 0, 100)[1]) + 1

    def kernel(self, seed):
        """Returns the blur kernel of a seed, square with odd sides, summing to one."""
        radius = draw(fold_in(seed, 1), as_range("radius", self.radius, 0, 100))
        return disk(radius, self.margin)

    def __call__(self, image, seed):
        """Returns the blurred image of a float image of shape `(height, width, channels)`."""
        return blur_light(ops.cast(image, "float32"), self.kernel(seed))
