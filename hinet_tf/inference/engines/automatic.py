"""The choice of engine and precision for this machine; rules as measured in inference.md."""

import importlib.util
import os
import platform
from pathlib import Path
from typing import Any

from hinet_tf.models.official_network import OfficialNetwork
from hinet_tf.models.presets.registry import is_preset
from hinet_tf.processor import fastest_precision, has_amx, has_gpu

AUTO = "auto"


def chosen_engine(model: Any, engine: str) -> str:
    """The engine to run a model with.

    Args:
        model: A Keras model, an `OfficialNetwork`, or a name that `open_model` takes.
        engine: `"auto"`, or the engine itself.

    Returns:
        For `"auto"`: `"litert"` for a `.tflite` file; `"openvino"` for a `HINet` or a preset
        where OpenVINO is installed, the processor is of x86 and there is no GPU; else
        `"tensorflow"`. Local statistics stay in TensorFlow.

    Example:
    >>> chosen_engine("denoise.tflite", "auto")
    'litert'
    """
    if engine != AUTO:
        return engine
    if isinstance(model, (str, os.PathLike)) and Path(model).suffix == ".tflite":
        return "litert"
    fits = _is_hinet(model) and getattr(model, "norm", "instance") == "instance"
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    if fits and x86 and not has_gpu() and importlib.util.find_spec("openvino"):
        return "openvino"
    return "tensorflow"


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
        return "bfloat16" if has_amx() else "float32"
    return fastest_precision()


def _is_hinet(model: Any) -> bool:
    """Without importing Keras, which one that is a model has imported."""
    if isinstance(model, (str, os.PathLike)):
        return is_preset(model)
    return isinstance(model, OfficialNetwork) or hasattr(model, "hin_levels")
