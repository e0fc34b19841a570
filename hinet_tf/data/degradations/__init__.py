"""Degradations: pure functions of a clean image and a seed."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "blind_noise": ["BlindNoise"],
        "camera_noise": ["CameraNoise"],
        "correlated_noise": ["CorrelatedNoise"],
        "defocus": ["Defocus"],
        "degradation": ["Degradation"],
        "gaussian_noise": ["GaussianNoise"],
        "jpeg_compression": ["JpegCompression"],
        "motion_blur": ["MotionBlur"],
        "photo_blur": ["PhotoBlur"],
        "photo_noise": ["PhotoNoise"],
        "rain": ["Rain"],
        "sensor_noise": ["SensorNoise"],
    },
)
