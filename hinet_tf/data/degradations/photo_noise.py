"""Noise as any photograph may hold it."""

from dataclasses import dataclass, field

from keras import ops

from hinet_tf.data.degradations.blind_noise import BlindNoise
from hinet_tf.data.degradations.camera_noise import CameraNoise
from hinet_tf.data.degradations.correlated_noise import CorrelatedNoise
from hinet_tf.data.degradations.jpeg_compression import JpegCompression
from hinet_tf.data.degradations.parameters import Range
from hinet_tf.data.random_numbers import fold_in, uniform


@dataclass(frozen=True)
class PhotoNoise:
    """Adds noise of unknown kind and strength: a camera's, white or of any grain, or compressed.

    What a denoiser for any photograph trains on. The noise of cameras and of compressed files is
    correlated from pixel to pixel: a denoiser that saw only white noise takes it for texture and
    leaves it. No simulated camera is like all others: some images get noise of any grain and
    colour. Some images stay clean, so that they are left alone.

    Args:
        sigma: Standard deviation of the Gaussian noise in 8-bit levels, or a range.
        quality: libjpeg's quality, 1 to 100, or a range to draw from.
        jpeg_share: Part of the images without `CameraNoise` that are compressed, from 0 to 1.
        camera_share: Part of the images that get `CameraNoise` instead.
        grain_share: Part of the others that get `CorrelatedNoise` instead of white noise.
        clean_share: Part of the images that stay clean.

    Raises:
        ValueError: If an argument is out of range.

    Example:
    >>> noisy = PhotoNoise(sigma=(0, 55), quality=(70, 100))(image, seed=7)
    """

    sigma: Range = (0.0, 55.0)
    quality: Range = (70, 100)
    jpeg_share: float = 0.25
    camera_share: float = 0.4
    grain_share: float = 0.25
    clean_share: float = 0.06
    _noise: BlindNoise = field(init=False, repr=False, compare=False)
    _jpeg: JpegCompression = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        for name in ("camera_share", "grain_share", "jpeg_share", "clean_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"`{name}` is {getattr(self, name)!r}; expected 0 to 1.")
        object.__setattr__(self, "_noise", BlindNoise(self.sigma))
        object.__setattr__(self, "_jpeg", JpegCompression(self.quality))

    @property
    def margin(self) -> int:
        """That of the camera, which holds that of the compression."""
        return CameraNoise().margin

    def __call__(self, image, seed):
        """Returns the noisy image of a float image of shape `(height, width, 3)`."""
        image = ops.cast(image, "float32")
        part = fold_in(seed, 1)

        def happens(number: int, share: float):
            return uniform(fold_in(seed, number)) < share

        def simple():
            noisy = ops.cond(
                happens(6, self.grain_share),
                lambda: CorrelatedNoise()(image, part),
                lambda: self._noise(image, part),
            )
            return ops.cond(
                happens(2, self.jpeg_share),
                lambda: self._jpeg(noisy, fold_in(seed, 3)),
                lambda: noisy,
            )

        noisy = ops.cond(happens(4, self.camera_share), lambda: CameraNoise()(image, part), simple)
        return ops.cond(happens(5, self.clean_share), lambda: image, lambda: noisy)
