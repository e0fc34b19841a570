"""The choice of engine and precision for this machine; rules as measured in inference.md."""

import importlib.util
import os
import platform
from pathlib import Path
from typing import Any

from hinet_tf import processor
from hinet_tf.models.official_network import OfficialNetwork
from hinet_tf.models.presets.registry import is_preset

AUTO = "auto"


def chosen_engine(model: Any, engine: str) -> str:
    """The engine to run a model with.

    Args:
        model: A Keras model, an `OfficialNetwork`, or a name that `open_model` takes.
        engine: `"auto"`, or the engine itself.

    Returns:
        For `"auto"`: `"litert"` for a `.tflite` file; `"openvino"` for the name of a preset where
        OpenVINO is installed, the processor is of x86 and there is no GPU, because it starts
        in a quarter of the time; else `"tensorflow"`.

    Example:
    >>> chosen_engine("denoise.tflite", "auto")
    'litert'
    """
    if engine != AUTO:
        return engine
    named = isinstance(model, (str, os.PathLike))
    if named and Path(model).suffix == ".tflite":
        return "litert"
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    fits = named and is_preset(model) and x86 and not processor.has_gpu()
    return "openvino" if fits and importlib.util.find_spec("openvino") else "tensorflow"


def chosen_precision(model: Any, engine: str, precision: str) -> str:
    """The arithmetic to run a model in.

    Args:
        model: As `chosen_engine`.
        engine: The chosen engine.
        precision: `"auto"`, or the precision itself.

    Returns:
        For `"auto"`: `"bfloat16"` for a `HINet` or a preset where that is faster, else
        `"float32"`.
    """
    if precision != AUTO:
        return precision
    if not _is_hinet(model):
        return "float32"
    if engine == "openvino":
        return "bfloat16" if processor.has_fast_bfloat16() else "float32"
    return processor.fastest_precision()


def _is_hinet(model: Any) -> bool:
    """Without importing Keras, which one that is a model has imported."""
    if isinstance(model, (str, os.PathLike)):
        return is_preset(model)
    return isinstance(model, OfficialNetwork) or hasattr(model, "hin_levels")
