"""The interface of an engine, and the choice of one."""

import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np

ENGINES = ("tensorflow", "litert", "openvino")
PRECISIONS = ("float32", "bfloat16")


class Engine(Protocol):
    """Something that restores batches of images of one size.

    Args:
        channels: Channels of the images.
        size_multiple: What heights and widths must be a multiple of.
        sizes: The only `(height, width)` it takes, largest last; `None` for any.
        bytes_per_pixel: Estimate of the memory one more pixel of a batch takes, for the
            choice of a tile size.
    """

    channels: int
    size_multiple: int
    sizes: tuple[tuple[int, int], ...] | None
    bytes_per_pixel: int

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Restores float32 images in [0, 1], `(batch, height, width, channels)`, unclipped."""
        ...


def open_engine(
    model: Any, engine: str = "tensorflow", precision: str = "float32", fast: bool = False
) -> Engine:
    """Opens an engine for a model.

    Args:
        model: A Keras model such as `HINet`, or the path of a SavedModel directory or of a
            `.tflite` file.
        engine: `"tensorflow"`, `"litert"` or `"openvino"`. A `.tflite` file under
            `"tensorflow"` runs in LiteRT, TensorFlow's own runtime for it.
        precision: `"float32"`, or `"bfloat16"` for convolutions in bfloat16.
        fast: Stop after the first stage, at 43 % of the cost.

    Returns:
        The engine.

    Raises:
        ValueError: If the engine is unknown, not installed, or cannot run such a model.
    """
    if precision not in PRECISIONS:
        raise ValueError(
            f"Unknown precision. Received: precision={precision!r}. Expected one of: "
            f"{', '.join(PRECISIONS)}."
        )
    if engine not in ENGINES:
        raise ValueError(
            f"Unknown engine. Received: engine={engine!r}. Expected one of: {', '.join(ENGINES)}."
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

    return TensorFlowEngine(model, precision=precision, fast=fast)


def stage_name(fast: bool) -> str:
    """The model's output that is the result: after one stage or after both."""
    return "stage1" if fast else "restored"
