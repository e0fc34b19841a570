"""Motion blur as a camera records it."""

from dataclasses import dataclass, field

from keras import ops

from hinet_tf.data.degradations.blur import blur_linear
from hinet_tf.data.degradations.jpeg_compression import JpegCompression
from hinet_tf.data.degradations.linear_light import to_linear
from hinet_tf.data.degradations.motion_blur import MotionBlur
from hinet_tf.data.degradations.parameters import Range, as_range, draw
from hinet_tf.data.degradations.sensor_noise import SensorNoise
from hinet_tf.data.random_numbers import fold_in, uniform

# What is brighter than this in linear light may have been cut off by the sensor: a lamp is many
# times brighter than white, and draws a white trail. (Rim et al., "Realistic Blur Synthesis for
# Learning Image Deblurring", 2022, brighten saturated pixels by a random amount likewise.)
_CUT_OFF = 0.9


@dataclass(frozen=True)
class PhotoBlur:
    """Moves the camera during the exposure, then adds what comes behind the shutter.

    Light is averaged along a random trajectory, in some images with highlights as bright as they
    may have been before the sensor cut them off; then come the sensor's limit and its noise, and
    for some images the compression of a file. A network that saw clean blur alone sharpens noise
    and blocks, and draws rings around lamps.

    Args:
        length: Extent of the blur in pixels, as of `MotionBlur`.
        shake: How much the direction changes, as of `MotionBlur`.
        highlights: Largest brightness of what is white in the picture, 1 for white itself; each
            image with lamps draws its own from 1 to this.
        lamp_share: Part of the images whose white is brighter than white, from 0 to 1. In most
            pictures white is a wall or a cloud, which a network that expects lamps darkens.
        shot: Strength of the sensor's noise, as of `SensorNoise`.
        quality: libjpeg's quality, 1 to 100, or a range to draw from.
        jpeg_share: Part of the images that are compressed, from 0 to 1.

    Raises:
        ValueError: If an argument is out of range.

    Example:
    >>> blurred = PhotoBlur(length=15)(image, seed=7)
    """

    length: Range = (0.0, 31.0)
    shake: Range = (0.0, 2.0)
    highlights: float = 8.0
    lamp_share: float = 0.25
    shot: Range = (1e-6, 5e-4)
    quality: Range = (70, 100)
    jpeg_share: float = 0.15
    _motion: MotionBlur = field(init=False, repr=False, compare=False)
    _noise: SensorNoise = field(init=False, repr=False, compare=False)
    _jpeg: JpegCompression = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        as_range("highlights", self.highlights, 1, 100)
        as_range("lamp_share", self.lamp_share, 0, 1)
        as_range("jpeg_share", self.jpeg_share, 0, 1)
        object.__setattr__(self, "_motion", MotionBlur(self.length, self.shake))
        object.__setattr__(self, "_noise", SensorNoise(self.shot))
        object.__setattr__(self, "_jpeg", JpegCompression(self.quality))

    @property
    def margin(self) -> int:
        """What the blur reaches, and then the compression's blocks."""
        return self._motion.margin + self._jpeg.margin

    def __call__(self, image, seed):
        """Returns the blurred image of a float image of shape `(height, width, 3)`."""
        part = [fold_in(seed, number) for number in range(6)]
        light = to_linear(ops.cast(image, "float32"))
        light = ops.cond(
            uniform(part[5]) < self.lamp_share,
            lambda: self._with_lamps(light, part[0]),
            lambda: light,
        )
        light = blur_linear(light, self._motion.kernel(part[1]))
        noisy = self._noise.of_light(ops.clip(light, 0.0, 1.0), part[2])
        compressed = uniform(part[3]) < self.jpeg_share
        return ops.cond(compressed, lambda: self._jpeg(noisy, part[4]), lambda: noisy)

    def _with_lamps(self, light, seed):
        brightest = draw(seed, (1.0, float(self.highlights)), logarithmic=True)
        # Rises from 1 at the threshold to the brightest at white, so that no edge appears.
        above = ops.maximum(light - _CUT_OFF, 0.0) / (1.0 - _CUT_OFF)
        return light * (1.0 + (brightest - 1.0) * ops.square(above))
