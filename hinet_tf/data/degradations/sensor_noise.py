"""Photon and read noise of a camera sensor."""

from dataclasses import dataclass
from typing import ClassVar

from keras import ops

from hinet_tf.data.degradations.linear_light import to_linear, to_srgb
from hinet_tf.data.degradations.parameters import Range, as_range, draw
from hinet_tf.data.random_numbers import fold_in, normal

# Brooks et al., "Unprocessing Images for Learned Raw Denoising", CVPR 2019, section 3.1, fitted
# to the Darmstadt noise dataset: shot from 1e-4 to 0.012 with a uniform logarithm, and
# log(read) normal around 2.18 * log(shot) + 1.2 with standard deviation 0.26.
_SHOT_RANGE = (1e-4, 0.012)
_READ_SLOPE, _READ_OFFSET, _READ_SPREAD = 2.18, 1.2, 0.26


@dataclass(frozen=True)
class SensorNoise:
    """Adds Poisson-Gaussian noise in linear light and applies the sRGB curve again.

    The variance in linear light `x` is `shot * x + read` (Foi et al., "Practical
    Poissonian-Gaussian noise modeling", 2008). Behind the curve the shadows are the noisiest, as
    in a phone's picture. Photon counts are drawn by the second-order Cornish-Fisher expansion:
    mean and variance are exactly, the skewness within 2 % (from one photon on) those of the
    Poisson law, from one normal number per value.

    Args:
        shot: Variance per unit of linear light, the inverse of the photons at white; a range is
            drawn from with a uniform logarithm.
        read: Variance in the dark; `None` draws it around the value that goes with `shot`.

    Raises:
        ValueError: If `shot` is not within 1e-6 to 1 or `read` not within 0 to 1.

    Example:
    >>> noisy = SensorNoise()(image, seed=7)
    """

    shot: Range = _SHOT_RANGE
    read: Range | None = None
    margin: ClassVar[int] = 0

    def __post_init__(self):
        as_range("shot", self.shot, 1e-6, 1)
        if self.read is not None:
            as_range("read", self.read, 0, 1)

    def __call__(self, image, seed):
        """Returns the noisy image of a float image of shape `(height, width, channels)`."""
        return self.of_light(to_linear(ops.cast(image, "float32")), seed)

    def of_light(self, light, seed):
        """Returns the noisy image of linear light.

        Args:
            light: Float tensor `(height, width, channels)` in [0, 1].
            seed: An integer, or a uint32 tensor of shape `(2,)`.

        Returns:
            A tensor of the same shape: sRGB values in [0, 1].

        Example:
        >>> noisy = SensorNoise(shot=0.01).of_light(to_linear(image), seed=7)
        """
        shot = draw(fold_in(seed, 1), as_range("shot", self.shot, 1e-6, 1), logarithmic=True)
        photons = self._photons(light / shot, fold_in(seed, 2))
        dark = normal(fold_in(seed, 3), light.shape)
        noisy = photons * shot + dark * ops.sqrt(self._read(shot, seed))
        return to_srgb(ops.clip(noisy, 0.0, 1.0))

    def _read(self, shot, seed):
        seed = fold_in(seed, 4)
        if self.read is None:
            return read_variance(shot, seed)
        return draw(seed, as_range("read", self.read, 0, 1))

    def _photons(self, expected, seed):
        z = normal(seed, expected.shape)
        # a*z + b*(z*z - 1) has variance a*a + 2*b*b; b = 1/6 gives the skewness, and the bound
        # keeps the variance right below 1/18 photon, where b alone would exceed it.
        b = ops.minimum(1.0 / 6.0, ops.sqrt(expected / 2.0))
        a = ops.sqrt(ops.maximum(expected - 2.0 * b * b, 0.0))
        return expected + a * z + b * (z * z - 1.0)


def read_variance(shot, seed):
    """Draws the variance in the dark that goes with a variance per unit of light."""
    spread = _READ_SPREAD * normal(seed)
    return ops.exp(_READ_SLOPE * ops.log(shot) + _READ_OFFSET + spread)
