"""Images, degradations and the pipeline that feeds training.

Names are loaded when they are first used, so that a command can answer before TensorFlow is
imported.
"""

import importlib

# No module may have the name of what it holds: once imported, it would hide it.
_HOMES = {
    "ArraySource": "array_source",
    "BlindNoise": "degradations",
    "Defocus": "degradations",
    "Degradation": "degradations",
    "FileSource": "file_source",
    "GaussianNoise": "degradations",
    "JpegCompression": "degradations",
    "MotionBlur": "degradations",
    "PhotoNoise": "degradations",
    "Rain": "degradations",
    "RecordSource": "record_source",
    "SensorNoise": "degradations",
    "Source": "source",
    "ValidationPair": "validation_pairs",
    "ValidationPairs": "validation_pairs",
    "bad_files": "cache",
    "builtin_photos": "builtin",
    "cached": "cache",
    "clean_folder": "folders",
    "open_sources": "data_argument",
    "paired_folder": "folders",
    "training_pipeline": "pipeline",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
