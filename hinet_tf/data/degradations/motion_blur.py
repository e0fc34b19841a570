"""Blur of a moving camera."""

import math
from dataclasses import dataclass

from keras import ops

from hinet_tf.data.degradations.blur import blur_light, splat
from hinet_tf.data.degradations.parameters import Range, as_range, draw
from hinet_tf.data.random_numbers import fold_in, normal, uniform

# Positions of the trajectory during the exposure; two per pixel of the longest default blur.
_PLACES = 64


@dataclass(frozen=True)
class MotionBlur:
    """Averages the light along a random trajectory of the camera during the exposure.

    The trajectory is a walk with inertia, as of a hand (after Boracchi and Foi, "Modeling the
    performance of image restoration from motion blur", 2012): a velocity that turns at random.
    Its mean position is the origin, so that the clean image stays the right target.

    Args:
        length: Extent of the blur in pixels: twice the largest distance from the mean position.
        shake: How much the direction changes during the exposure: 0 is a straight line, 1 turns
            by about a quarter of a circle.

    Raises:
        ValueError: If `length` is not within 0 to 200 or `shake` not within 0 to 10.

    Example:
    >>> blurred = MotionBlur(length=15)(image, seed=7)
    """

    length: Range = (2.0, 31.0)
    shake: Range = (0.0, 2.0)

    def __post_init__(self):
        as_range("length", self.length, 0, 200)
        as_range("shake", self.shake, 0, 10)

    @property
    def margin(self) -> int:
        """Half the largest extent, and one pixel for the bilinear share."""
        return math.ceil(as_range("length", self.length, 0, 200)[1] / 2) + 1

    def kernel(self, seed):
        """Returns the blur kernel of a seed, square with odd sides, summing to one."""
        length = draw(fold_in(seed, 1), as_range("length", self.length, 0, 200))
        shake = draw(fold_in(seed, 2), as_range("shake", self.shake, 0, 10))
        turns = normal(fold_in(seed, 3), (_PLACES,))
        start = uniform(fold_in(seed, 4), (), 0.0, 2.0 * math.pi)
        # A sum of n independent turns has a standard deviation of sqrt(n).
        heading = start + ops.cumsum(turns) * (shake * (math.pi / 2) / math.sqrt(_PLACES))
        speed = 1.0 + 0.5 * uniform(fold_in(seed, 5), (_PLACES,), -1)
        rows, columns = ops.cumsum(speed * ops.sin(heading)), ops.cumsum(speed * ops.cos(heading))
        rows, columns = rows - ops.mean(rows), columns - ops.mean(columns)
        reach = ops.sqrt(ops.max(rows * rows + columns * columns))
        scale = 0.5 * length / reach
        return splat(rows * scale, columns * scale, self.margin)

    def __call__(self, image, seed):
        """Returns the blurred image of a float image of shape `(height, width, channels)`."""
        return blur_light(ops.cast(image, "float32"), self.kernel(seed))
