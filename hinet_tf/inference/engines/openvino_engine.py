"""Keras models, SavedModels and `.tflite` files in OpenVINO."""

import os
import threading
from pathlib import Path
from typing import Any

import keras
import numpy as np

from hinet_tf.inference.engines.engine import stage_name
from hinet_tf.inference.engines.restoring_function import restoring_function


class OpenVINOEngine:
    """Runs a model in OpenVINO, which fuses more of the network on Intel and AMD CPUs.

    Args:
        model: A Keras model, or the path of a SavedModel directory or a `.tflite` file.
        precision: `"float32"`, or `"bfloat16"` where the processor has it.
        fast: Stop after the first stage.
        size: Height and width of all images, for a file that can be compiled for another size
            than its own; `None` for what the model takes.
        num_threads: Threads of the processor to use; `None` for all.

    Raises:
        ValueError: If OpenVINO is not installed or cannot read the model.
    """

    def __init__(
        self,
        model: Any,
        precision: str = "float32",
        fast: bool = False,
        size: tuple[int, int] | None = None,
        num_threads: int | None = None,
    ) -> None:
        try:
            import openvino
        except ImportError as error:
            raise ValueError(
                "The openvino engine needs OpenVINO: pip install 'hinet-tf[openvino]'."
            ) from error
        network = _read(openvino, model, stage_name(fast))
        if size:
            network.reshape([1, *size, network.inputs[0].get_partial_shape()[3].get_length()])
        self._output = _output_index(network, stage_name(fast))
        shape = network.inputs[0].get_partial_shape()
        self.channels = shape[3].get_length()
        static = shape[1].is_static
        self.sizes = ((shape[1].get_length(), shape[2].get_length()),) if static else None
        self.size_multiple = getattr(model, "size_multiple", 16)
        # Measured, see benchmarks/inference.md.
        self.bytes_per_pixel = 65 * getattr(model, "width", 64)
        # A compiled model always takes the same request, whose tensors threads would share.
        self._lock = threading.Lock()
        # Left to itself OpenVINO computes in bfloat16 wherever the processor can.
        hint = "bf16" if precision == "bfloat16" else "f32"
        options = {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"}
        if num_threads:
            options["INFERENCE_NUM_THREADS"] = num_threads
        self._compiled = openvino.Core().compile_model(network, "CPU", options)

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Restores float32 images in [0, 1], `(batch, height, width, channels)`, unclipped."""
        if self.sizes is not None:
            return np.concatenate([self._run(image[np.newaxis]) for image in batch])
        return self._run(batch)

    def _run(self, batch: np.ndarray) -> np.ndarray:
        with self._lock:
            return self._compiled([np.ascontiguousarray(batch)])[self._output].copy()


def _read(openvino: Any, model: Any, output: str) -> Any:
    try:
        if not isinstance(model, keras.Model):
            if isinstance(model, (str, os.PathLike)) and not Path(model).exists():
                raise ValueError(f"{model} does not exist.")
            return openvino.convert_model(str(model))
        function = restoring_function(model, output, "float32", constants=True)
        return openvino.convert_model(function.graph)
    except (RuntimeError, openvino.frontend.OpConversionFailure) as error:
        raise ValueError(f"OpenVINO cannot read the model: {str(error).splitlines()[0]}") from error


def _output_index(network: Any, wanted: str) -> int:
    """Position of the wanted output; a network of one output needs no name."""
    if len(network.outputs) == 1:
        return 0
    for index, output in enumerate(network.outputs):
        if any(wanted in name for name in output.get_names()):
            return index
    names = [sorted(output.get_names()) for output in network.outputs]
    raise ValueError(f"The model has no output '{wanted}'. Received: outputs {names}.")
