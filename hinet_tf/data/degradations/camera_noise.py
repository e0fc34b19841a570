"""Noise as it reaches a photograph's file: through the mosaic, the colours and the processing."""

from dataclasses import dataclass, field

import numpy as np
from keras import ops

from hinet_tf.data.degradations.bayer import REACH, bayer_sites, demosaic, mosaic
from hinet_tf.data.degradations.camera_colors import CameraColors
from hinet_tf.data.degradations.gaussian_filter import filtered, gaussian_weights
from hinet_tf.data.degradations.jpeg_compression import JpegCompression, edge_padded
from hinet_tf.data.degradations.parameters import Range, as_range, draw
from hinet_tf.data.degradations.sensor_noise import read_variance
from hinet_tf.data.random_numbers import fold_in, integer, normal, uniform

# Electrons that a pixel holds at ISO 100, from a phone's pixel of 1 um to one of a full-frame
# camera of 6 um (photonstophotos.net, sensor characteristics); shot noise there is 1/electrons.
_FULL_WELL = (4_000.0, 80_000.0)
# The strongest noise that anybody keeps: twice the strongest of Brooks et al., "Unprocessing Images
# for Learned Raw Denoising", CVPR 2019, section 3.1.
_MAX_SHOT = 0.024
# Standard deviation of a row's offset against that of the read noise; Wei et al., "A Physics-based
# Noise Formation Model for Extreme Low-light Raw Denoising", CVPR 2020, find up to a third.
_ROW_SHARE = (0.0, 0.33)
# What cameras do to noise, in pixels: they smooth colour more than brightness, and then sharpen.
_SMOOTH_LUMA, _SMOOTH_CHROMA_MORE, _SHARPEN = (0.3, 1.1), (0.0, 1.2), (0.0, 1.0)
# Few cameras interpolate without looking at the other colours.
_CORRECTED_SHARE = 0.85
_SHARPEN_RADIUS = 1.0
_FILTER = 4
# JFIF's luma, and its complement: brightness and colour of noise.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class CameraNoise:
    """Adds the noise of a random camera, as a file of it shows it.

    Photon and read noise are made where they arise, on the sensor's mosaic (Brooks et al., 2019),
    and come through interpolation, white balance, colour matrix and tone curve; some pictures are
    then smoothed, sharpened, halved in size or compressed. The noise is correlated from pixel to
    pixel and between colours, and strongest where the curve is steepest: a network that saw white
    noise only takes it for texture. What the camera would have made of the scene without noise is
    the image itself, so that only noise (and compression) is there to be removed.

    Args:
        iso: Sensitivity, or a range that is drawn from with a uniform logarithm.
        processed_share: Part of the pictures that the camera smooths and sharpens, from 0 to 1.
        halved_share: Part of the pictures taken at twice the size.
        jpeg_share: Part of the pictures that are compressed.
        quality: libjpeg's quality of those, or a range.

    Raises:
        ValueError: If an argument is out of range.

    Example:
    >>> noisy = CameraNoise(iso=3200)(image, seed=7)
    """

    iso: Range = (50.0, 25_600.0)
    processed_share: float = 0.5
    halved_share: float = 0.15
    jpeg_share: float = 0.5
    quality: Range = (75, 100)
    _compressions: tuple[JpegCompression, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        as_range("iso", self.iso, 1, 1e6)
        for name in ("processed_share", "halved_share", "jpeg_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"`{name}` is {getattr(self, name)!r}; expected 0 to 1.")
        compressions = tuple(JpegCompression(self.quality, s) for s in ("4:2:0", "4:4:4"))
        object.__setattr__(self, "_compressions", compressions)

    @property
    def margin(self) -> int:
        """That of the compression, of the filters and of the interpolation."""
        return self._compressions[0].margin + _FILTER + REACH

    def __call__(self, image, seed):
        """Returns the noisy image of a float image of shape `(height, width, 3)`."""
        if image.shape[-1] != 3:
            raise ValueError(
                f"CameraNoise takes RGB images. Received: an image of shape {tuple(image.shape)}; "
                "use SensorNoise for gray ones."
            )
        image = ops.cast(image, "float32")

        def happens(number: int, share: float):
            return uniform(fold_in(seed, number)) < share

        noise = ops.cond(
            happens(1, self.halved_share),
            lambda: _halved(self._noise(_doubled(image), fold_in(seed, 2))),
            lambda: self._noise(image, fold_in(seed, 2)),
        )
        noise = ops.cond(
            happens(3, self.processed_share),
            lambda: _processed(noise, fold_in(seed, 4)),
            lambda: noise,
        )
        noisy = ops.clip(image + noise, 0.0, 1.0)
        halved_chroma, full_chroma = self._compressions
        return ops.cond(
            happens(5, self.jpeg_share),
            lambda: ops.cond(
                happens(6, 0.7),
                lambda: halved_chroma(noisy, fold_in(seed, 7)),
                lambda: full_chroma(noisy, fold_in(seed, 7)),
            ),
            lambda: noisy,
        )

    def _noise(self, image, seed):
        """What noise adds to the picture that the camera makes of the scene."""
        camera = CameraColors(fold_in(seed, 1))
        raw = camera.unrender(image)
        sites = bayer_sites(*image.shape[:2], _phase(fold_in(seed, 2)))
        measured = mosaic(raw, sites)
        noise = self.sensor_noise(measured, fold_in(seed, 3))
        # A full pixel shows no noise upwards.
        noise = ops.minimum(measured + noise, 1.0) - measured
        corrected = ops.cast(uniform(fold_in(seed, 4)) < _CORRECTED_SHARE, "float32")
        # What the camera renders without noise is the image.
        return camera.render(raw + demosaic(noise, sites, corrected)) - image

    def sensor_noise(self, measured, seed):
        """Returns the noise of what a sensor measures.

        Args:
            measured: Float tensor `(height, width)` of linear values, 1 for a full pixel.
            seed: An integer, or a uint32 tensor of shape `(2,)`.

        Returns:
            A tensor of the same shape: of variance `shot * measured + read`, and one more offset
            for each row.

        Example:
        >>> noise = CameraNoise(iso=800).sensor_noise(image[..., 0], seed=7)
        """
        shot, read, row = self.strengths(seed)
        pixels = normal(fold_in(seed, 5), measured.shape)
        rows = normal(fold_in(seed, 6), (measured.shape[0], 1))
        deviation = ops.sqrt(shot * ops.maximum(measured, 0.0) + read)
        return pixels * deviation + rows * ops.sqrt(row)

    def strengths(self, seed):
        """Returns variance per unit of light, variance in the dark and variance of rows."""
        iso = draw(fold_in(seed, 1), as_range("iso", self.iso, 1, 1e6), True)
        electrons = draw(fold_in(seed, 2), _FULL_WELL, logarithmic=True)
        shot = ops.minimum(iso / (100.0 * electrons), _MAX_SHOT)
        read = read_variance(shot, fold_in(seed, 3))
        row = draw(fold_in(seed, 4), _ROW_SHARE)
        return shot, read, read * row * row


def _phase(seed):
    return ops.stack([integer(fold_in(seed, number), 0, 2) for number in (1, 2)])


def _doubled(image):
    return ops.repeat(ops.repeat(image, 2, axis=0), 2, axis=1)


def _halved(image):
    height, width, channels = image.shape
    return ops.mean(ops.reshape(image, (height // 2, 2, width // 2, 2, channels)), axis=(1, 3))


def _processed(noise, seed):
    """Smooths the brightness and the colour of noise, and sharpens its brightness."""
    luma = ops.sum(noise * _LUMA, axis=-1, keepdims=True)
    chroma = noise - luma
    smooth, more, amount = (
        draw(fold_in(seed, number), bounds)
        for number, bounds in enumerate((_SMOOTH_LUMA, _SMOOTH_CHROMA_MORE, _SHARPEN))
    )
    luma = _blurred(luma, smooth)
    luma = luma + amount * (luma - _blurred(luma, _SHARPEN_RADIUS))
    return luma + _blurred(chroma, smooth + more)


def _blurred(image, deviation):
    for axis in (0, 1):
        image = edge_padded(image, _FILTER, _FILTER, axis)
    return filtered(image, gaussian_weights(deviation, _FILTER))
