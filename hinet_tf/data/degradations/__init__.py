"""Degradations: pure functions of a clean image and a seed."""

from hinet_tf.data.degradations.degradation import Degradation
from hinet_tf.data.degradations.gaussian_noise import GaussianNoise
from hinet_tf.data.degradations.sensor_noise import SensorNoise

__all__ = ["Degradation", "GaussianNoise", "SensorNoise"]
