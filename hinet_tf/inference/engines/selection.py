"""The choice of an engine."""

import os
from pathlib import Path
from typing import Any

from hinet_tf.inference.engines.engine import Engine

ENGINES = ("tensorflow", "litert", "openvino")
PRECISIONS = ("float32", "bfloat16")


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
