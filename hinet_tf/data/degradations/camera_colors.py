"""Between the colours of a picture and those that a camera's sensor measures."""

import numpy as np
from keras import ops

from hinet_tf.data.degradations.linear_light import to_linear, to_srgb
from hinet_tf.data.random_numbers import fold_in, normal, uniform

# Brooks et al., "Unprocessing Images for Learned Raw Denoising", CVPR 2019, section 3 and its
# code: matrices from XYZ to the sensors of four cameras (Sony A7R, Olympus E-M10, Sony RX100 IV,
# Huawei Nexus 6P), mixed at random; and the gain of the exposure.
_XYZ_TO_CAMERA = np.array(
    [
        [[1.0234, -0.2969, -0.2266], [-0.5625, 1.6328, -0.0469], [-0.0703, 0.2188, 0.6406]],
        [[0.4913, -0.0541, -0.0202], [-0.6130, 1.3513, 0.2906], [-0.1564, 0.2151, 0.7183]],
        [[0.8380, -0.2630, -0.0639], [-0.2887, 1.0725, 0.2496], [-0.0627, 0.1427, 0.5438]],
        [[0.6596, -0.2079, -0.0562], [-0.4782, 1.3016, 0.1933], [-0.0970, 0.1581, 0.5181]],
    ]
)
# IEC 61966-2-1.
_RGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_CAMERAS = _XYZ_TO_CAMERA @ _RGB_TO_XYZ
_CAMERAS = (_CAMERAS / _CAMERAS.sum(axis=-1, keepdims=True)).astype(np.float32)
# From lamp light to shade; Brooks et al. draw 1.9 to 2.4 and 1.5 to 1.9, daylight.
_RED_GAIN, _BLUE_GAIN = (1.2, 2.4), (1.4, 2.6)
# The whole matrix makes noise of red and green opposite (correlation -0.4 on average), which it
# is in none of 41 real pairs of SIDD (0.2 to 0.37): cameras apply a part of it where noise shows.
_MATRIX_SHARE = (0.0, 0.6)
_EXPOSURE_MEAN, _EXPOSURE_SPREAD = 0.8, 0.1
_CONTRAST_SHARE = 0.5


class CameraColors:
    """The colour rendering of one random camera under one random light.

    Args:
        seed: A seed as in `random_numbers.as_seed`.

    Example:
    >>> camera = CameraColors(seed=7)
    >>> same = camera.render(camera.unrender(image))
    """

    def __init__(self, seed):
        weights = uniform(fold_in(seed, 1), (4,), 1e-3, 1.0)
        weights = weights / ops.sum(weights)
        to_rgb = ops.linalg.inv(ops.sum(weights[:, None, None] * _CAMERAS, axis=0))
        share = uniform(fold_in(seed, 6), (), *_MATRIX_SHARE)
        identity = np.eye(3, dtype=np.float32)
        self._to_rgb = identity + share * (to_rgb - identity)
        self._to_camera = ops.linalg.inv(self._to_rgb)
        red = uniform(fold_in(seed, 2), (), *_RED_GAIN)
        blue = uniform(fold_in(seed, 3), (), *_BLUE_GAIN)
        exposure = _EXPOSURE_MEAN + _EXPOSURE_SPREAD * normal(fold_in(seed, 4))
        # What white gives: a part of what the sensor holds, least of it in red and blue.
        self._white = ops.maximum(exposure, 0.4) / ops.stack([red, ops.ones_like(red), blue])
        # Some cameras raise the contrast as Brooks et al. do, some leave it.
        chosen = uniform(fold_in(seed, 5)) < _CONTRAST_SHARE
        self._contrast = ops.cast(chosen, "float32")

    def unrender(self, image):
        """Returns what the sensor measured, `(height, width, 3)`, of an sRGB image in [0, 1]."""
        image = ops.clip(image, 0.0, 1.0)
        # The inverse of the smoothstep 3x^2 - 2x^3.
        flat = 0.5 - ops.sin(ops.arcsin(1.0 - 2.0 * image) / 3.0)
        light = to_linear(image + self._contrast * (flat - image))
        return ops.matmul(light, ops.transpose(self._to_camera)) * self._white

    def render(self, raw):
        """Returns the sRGB image in [0, 1] of what the sensor measured."""
        light = ops.matmul(raw / self._white, ops.transpose(self._to_rgb))
        flat = to_srgb(ops.clip(light, 0.0, 1.0))
        steep = flat * flat * (3.0 - 2.0 * flat)
        return flat + self._contrast * (steep - flat)
