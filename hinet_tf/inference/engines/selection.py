"""The choice of engine and precision; what `"auto"` means is measured in inference.md."""

import importlib.util
import os
import platform
from pathlib import Path
from typing import Any

from hinet_tf import processor
from hinet_tf.inference.engines.engine import Engine
from hinet_tf.models.official_network import OfficialNetwork
from hinet_tf.models.presets.registry import is_preset

AUTO = "auto"
ENGINES = ("tensorflow", "litert", "openvino")
PRECISIONS = ("float32", "bfloat16")


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


def open_engine(
    model: Any,
    engine: str = "tensorflow",
    precision: str = "float32",
    fast: bool = False,
    memory: int = 0,
) -> Engine:
    """Opens an engine for a model.

    Args:
        model: A Keras model such as `HINet`, or the path of a SavedModel directory or of a
            `.tflite` file.
        engine: `"tensorflow"`, `"litert"` or `"openvino"`. A `.tflite` file under
            `"tensorflow"` runs in LiteRT, TensorFlow's own runtime for it.
        precision: `"float32"`, or `"bfloat16"` for convolutions in bfloat16.
        fast: Stop after the first stage, at 43 % of the cost.
        memory: Bytes that may be taken for a moment to make the network faster.

    Returns:
        The engine.

    Raises:
        ValueError: If the engine is unknown, not installed, or cannot run such a model.
    """
    if precision not in PRECISIONS:
        raise ValueError(
            f"Unknown precision. Received: precision={precision!r}. Expected one of: "
            f"auto, {', '.join(PRECISIONS)}."
        )
    if engine not in ENGINES:
        raise ValueError(
            f"Unknown engine. Received: engine={engine!r}. Expected one of: "
            f"auto, {', '.join(ENGINES)}."
        )
    is_file = isinstance(model, (str, os.PathLike)) and Path(model).suffix == ".tflite"
    if engine == "openvino":
        from hinet_tf.inference.engines.openvino_engine import OpenVINOEngine

        return OpenVINOEngine(model, precision=precision, fast=fast)
    if is_file:
        from hinet_tf.inference.engines.litert_engine import LiteRTEngine

        return LiteRTEngine(model, precision=precision, fast=fast)
    if engine == "litert":
        raise ValueError(
            "The litert engine runs .tflite files. Received: "
            f"{type(model).__name__}. Export the model first (hinet_tf.export_tflite), or use "
            "engine='tensorflow'."
        )
    from hinet_tf.inference.engines.tensorflow_engine import TensorFlowEngine

    return TensorFlowEngine(model, precision=precision, fast=fast, memory=memory)
