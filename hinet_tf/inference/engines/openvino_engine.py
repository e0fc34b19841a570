"""Models and files of models in OpenVINO; presets without TensorFlow."""

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np

from hinet_tf.inference.engines.engine import stage_name
from hinet_tf.models.official_network import OfficialNetwork


class OpenVINOEngine:
    """Runs a model in OpenVINO, which fuses more of the network on Intel and AMD CPUs.

    Args:
        model: An `OfficialNetwork`, a Keras model, or the path of a SavedModel directory or a
            `.tflite` file.
        precision: `"float32"`, or `"bfloat16"` where the processor has it.
        fast: Stop after the first stage.
        size: Height and width of all images, for a file that can be compiled for another size
            than its own; `None` for what the model takes.
        num_threads: Threads of the processor to use; `None` for all.

    Raises:
        ValueError: If OpenVINO is not installed, cannot read the model, or has no bfloat16 on
            this processor.
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
        core = openvino.Core()
        if precision == "bfloat16" and "BF16" not in core.get_property(
            "CPU", "OPTIMIZATION_CAPABILITIES"
        ):
            raise ValueError(
                "This processor does not compute in bfloat16. Received: precision='bfloat16'; use "
                "precision='float32'."
            )
        model = _from_tensors(model)
        # A file is as it is; a network of our own can be given the image in two parts.
        self._parts = 2 if precision == "bfloat16" and isinstance(model, OfficialNetwork) else 1
        network = _read(openvino, model, fast, self._parts)
        if size:
            network.reshape([1, *size, network.inputs[0].get_partial_shape()[3].get_length()])
        self._output = _output_index(network, stage_name(fast))
        shape = network.inputs[0].get_partial_shape()
        self.channels = shape[3].get_length() // self._parts
        static = shape[1].is_static
        self.sizes = ((shape[1].get_length(), shape[2].get_length()),) if static else None
        config = model.config if isinstance(model, OfficialNetwork) else {}
        self.size_multiple = 2 ** (config.get("depth", getattr(model, "depth", 5)) - 1)
        # Measured, see benchmarks/inference.md.
        self.bytes_per_pixel = 65 * config.get("width", getattr(model, "width", 64))
        # A compiled model always takes the same request, whose tensors threads would share.
        self._lock = threading.Lock()
        # Left to itself OpenVINO computes in bfloat16 wherever the processor can.
        hint = "bf16" if precision == "bfloat16" else "f32"
        options = {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"}
        if num_threads:
            options["INFERENCE_NUM_THREADS"] = num_threads
        self._compiled = core.compile_model(network, "CPU", options)

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Restores float32 images in [0, 1], `(batch, height, width, channels)`, unclipped."""
        if self.sizes is not None:
            return np.concatenate([self._run(image[np.newaxis]) for image in batch])
        return self._run(batch)

    def _run(self, batch: np.ndarray) -> np.ndarray:
        inputs = _in_two_parts(batch) if self._parts == 2 else np.ascontiguousarray(batch)
        with self._lock:
            outputs = self._compiled([inputs])[self._output]
            return batch + outputs if self._parts == 2 else outputs.copy()


def _in_two_parts(batch: np.ndarray) -> np.ndarray:
    """The images rounded down to bfloat16, and what is left of them: the sum is exact.

    bfloat16 is the upper half of a float32.
    """
    upper = (np.ascontiguousarray(batch).view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    return np.concatenate([upper, batch - upper], axis=-1)


def _from_tensors(model: Any) -> Any:
    """A `HINet` without local statistics as its tensors; everything else as it is."""
    if isinstance(model, (str, os.PathLike, OfficialNetwork)):
        return model
    # Late: a preset needs no Keras.
    from hinet_tf.models import HINet

    plain = isinstance(model, HINet) and model.norm == "instance"
    return OfficialNetwork.of_model(model) if plain else model


def _read(openvino: Any, model: Any, fast: bool, parts: int) -> Any:
    try:
        if isinstance(model, OfficialNetwork):
            from hinet_tf.inference.engines.openvino_network import openvino_network

            return openvino_network(model.config, model.tensors, fast, parts)
        if isinstance(model, (str, os.PathLike)):
            if not Path(model).exists():
                raise ValueError(f"{model} does not exist.")
            return openvino.convert_model(str(model))
        from hinet_tf.inference.engines.restoring_function import restoring_function

        function = restoring_function(model, stage_name(fast), "float32", constants=True)
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
