"""Additive white Gaussian noise."""

from dataclasses import dataclass
from typing import ClassVar

from keras import ops

from hinet_tf.data.degradations.parameters import Range, as_range, draw
from hinet_tf.data.random_numbers import fold_in, normal


@dataclass(frozen=True)
class GaussianNoise:
    """Adds white Gaussian noise to sRGB values, of one strength or of one drawn per image.

    The classical test bed of denoising; for noise as cameras make it see `SensorNoise`.

    Args:
        sigma: Standard deviation in 8-bit levels (of 255), or a range to draw it from
            uniformly: a range trains a blind denoiser.
        clip: Whether the result is clipped to [0, 1], as in any image file. Benchmarks that
            quote "sigma 25" add the noise unclipped: set `False` to compare with them.

    Raises:
        ValueError: If `sigma` is not within 0 to 255.

    Example:
    >>> noisy = GaussianNoise(sigma=25)(image, seed=7)
    """

    sigma: Range = (0.0, 50.0)
    clip: bool = True
    margin: ClassVar[int] = 0

    def __post_init__(self):
        as_range("sigma", self.sigma, 0, 255)

    def __call__(self, image, seed):
        """Returns the noisy image of a float image of shape `(height, width, channels)`."""
        image = ops.cast(image, "float32")
        strength = draw(fold_in(seed, 1), as_range("sigma", self.sigma, 0, 255))
        noise = normal(fold_in(seed, 2), image.shape)
        noisy = image + noise * (strength / 255.0)
        return ops.clip(noisy, 0.0, 1.0) if self.clip else noisy
