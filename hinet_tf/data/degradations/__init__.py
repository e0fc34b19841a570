"""Degradations: pure functions of a clean image and a seed."""

from hinet_tf.data.degradations.blind_noise import BlindNoise
from hinet_tf.data.degradations.camera_noise import CameraNoise
from hinet_tf.data.degradations.correlated_noise import CorrelatedNoise
from hinet_tf.data.degradations.defocus import Defocus
from hinet_tf.data.degradations.degradation import Degradation
from hinet_tf.data.degradations.gaussian_noise import GaussianNoise
from hinet_tf.data.degradations.jpeg_compression import JpegCompression
from hinet_tf.data.degradations.motion_blur import MotionBlur
from hinet_tf.data.degradations.photo_blur import PhotoBlur
from hinet_tf.data.degradations.photo_noise import PhotoNoise
from hinet_tf.data.degradations.rain import Rain
from hinet_tf.data.degradations.sensor_noise import SensorNoise

__all__ = [
    "BlindNoise",
    "CameraNoise",
    "CorrelatedNoise",
    "Defocus",
    "Degradation",
    "GaussianNoise",
    "JpegCompression",
    "MotionBlur",
    "PhotoBlur",
    "PhotoNoise",
    "Rain",
    "SensorNoise",
]
