"""Noise as a photograph's file holds it."""

from dataclasses import dataclass, field

from keras import ops

from hinet_tf.data import random_numbers
from hinet_tf.data.degradations.blind_noise import BlindNoise
from hinet_tf.data.degradations.jpeg_compression import JpegCompression
from hinet_tf.data.degradations.parameters import Range


@dataclass(frozen=True)
class PhotoNoise:
    """Adds noise of unknown kind and strength, and then compresses some of the images.

    Cameras save JPEG, most at half the resolution of chroma. Its noise is no longer independent
    from pixel to pixel: a denoiser that saw only independent noise takes it for texture and
    leaves it.

    Args:
        sigma: Standard deviation of the Gaussian noise in 8-bit levels, or a range.
        quality: libjpeg's quality, 1 to 100, or a range to draw from.
        jpeg_share: Part of the images that are compressed, from 0 to 1.

    Raises:
        ValueError: If an argument is out of range.

    Example:
    >>> noisy = PhotoNoise(sigma=(0, 55), quality=(70, 100))(image, seed=7)
    """

    sigma: Range = (0.0, 55.0)
    quality: Range = (70, 100)
    jpeg_share: float = 0.4
    _noise: BlindNoise = field(init=False, repr=False, compare=False)
    _jpeg: JpegCompression = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        if not 0 <= self.jpeg_share <= 1:
            raise ValueError(f"`jpeg_share` is {self.jpeg_share!r}; expected 0 to 1.")
        object.__setattr__(self, "_noise", BlindNoise(self.sigma))
        object.__setattr__(self, "_jpeg", JpegCompression(self.quality))

    @property
    def margin(self) -> int:
        """That of the compression."""
        return self._jpeg.margin

    def __call__(self, image, seed):
        """Returns the noisy image of a float image of shape `(height, width, 1 or 3)`."""
        noisy = self._noise(image, random_numbers.fold_in(seed, 1))
        compressed = self._jpeg(noisy, random_numbers.fold_in(seed, 2))
        kind = random_numbers.uniform(random_numbers.fold_in(seed, 3), ())
        return ops.where(kind < self.jpeg_share, compressed, noisy)
