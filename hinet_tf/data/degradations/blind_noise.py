"""Noise of unknown kind and strength."""

from dataclasses import dataclass, field
from typing import ClassVar

from keras import ops

from hinet_tf.data.degradations.gaussian_noise import GaussianNoise
from hinet_tf.data.degradations.parameters import Range
from hinet_tf.data.degradations.sensor_noise import SensorNoise
from hinet_tf.data.random_numbers import fold_in, uniform


@dataclass(frozen=True)
class BlindNoise:
    """Adds white Gaussian noise to some images and a sensor's noise to the others.

    What a denoiser for any photograph trains on. Half of the Gaussian images are clipped to
    [0, 1], as a file holds them, and half are not, as the benchmarks of denoising make them.

    Args:
        sigma: Standard deviation of the Gaussian noise in 8-bit levels, or a range.
        sensor_share: Part of the images that get `SensorNoise`, from 0 to 1.

    Raises:
        ValueError: If `sigma` or `sensor_share` is out of range.

    Example:
    >>> noisy = BlindNoise(sigma=(0, 55))(image, seed=7)
    """

    sigma: Range = (0.0, 55.0)
    sensor_share: float = 0.2
    margin: ClassVar[int] = 0
    _gaussian: GaussianNoise = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        if not 0 <= self.sensor_share <= 1:
            raise ValueError(f"`sensor_share` is {self.sensor_share!r}; expected 0 to 1.")
        object.__setattr__(self, "_gaussian", GaussianNoise(self.sigma, clip=False))

    def __call__(self, image, seed):
        """Returns the noisy image of a float image of shape `(height, width, channels)`."""

        def gaussian():
            noisy = self._gaussian(image, fold_in(seed, 1))
            clipped = uniform(fold_in(seed, 3), ()) < 0.5
            return ops.cond(clipped, lambda: ops.clip(noisy, 0.0, 1.0), lambda: noisy)

        kind = uniform(fold_in(seed, 4), ())
        return ops.cond(
            kind < self.sensor_share,
            lambda: SensorNoise()(image, fold_in(seed, 2)),
            gaussian,
        )
