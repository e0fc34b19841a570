"""Images, degradations and the pipeline that feeds training.

Names are loaded when they are first used, so that a command can answer before TensorFlow is
imported.
"""

import lazy_loader

# No module may have the name of what it holds: once imported, it would hide it.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "degradations": [
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
        ],
        "image_pair": ["ImagePair"],
        "opening": ["open_sources"],
        "pipeline": ["training_pipeline"],
        "sources.array_source": ["ArraySource"],
        "sources.builtin": ["builtin_photos"],
        "sources.cache": ["cached"],
        "sources.file_source": ["FileSource", "clean_folder", "paired_folder"],
        "sources.record_source": ["RecordSource"],
        "sources.source": ["Source"],
        "validation_pairs": ["ValidationPairs"],
        "whole_images": ["validation_pipeline"],
    },
)
