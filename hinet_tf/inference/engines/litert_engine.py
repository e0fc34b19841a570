"""`.tflite` files in LiteRT."""

import os
import threading

import numpy as np

from hinet_tf.inference.engines.engine import stage_name


class LiteRTEngine:
    """Runs a `.tflite` file on the CPU.

    Each signature of the file takes one image size; images are padded or tiled to them.

    Args:
        model: Path of the file.
        precision: `"float32"`; the file decides what it computes in.
        fast: Stop after the first stage, where the file has that output.

    Raises:
        ValueError: If the file is damaged, or has no signature from one image to another.
    """

    size_multiple = 16
    bytes_per_pixel = 8000

    def __init__(
        self, model: str | os.PathLike[str], precision: str = "float32", fast: bool = False
    ) -> None:
        from ai_edge_litert.interpreter import Interpreter

        if precision != "float32":
            raise ValueError(
                "A .tflite file computes in the precision it was exported with. Received: "
                f"precision={precision!r}; use a file of that precision."
            )
        try:
            self._interpreter = Interpreter(str(model), num_threads=os.cpu_count())
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"{model} is not a readable .tflite file: {error}") from error
        # An interpreter has one set of tensors: two threads would write into each other's image.
        self._lock = threading.Lock()
        self._signatures = self._find_signatures(str(model), stage_name(fast))
        self.sizes = tuple(sorted(self._signatures, key=lambda size: size[0] * size[1]))

    def _find_signatures(self, path: str, wanted: str) -> dict[tuple[int, int], tuple]:
        found = {}
        for key in self._interpreter.get_signature_list():
            runner = self._interpreter.get_signature_runner(key)
            inputs, outputs = runner.get_input_details(), runner.get_output_details()
            if len(inputs) != 1:
                continue
            (name, detail), *_ = inputs.items()
            output = wanted if wanted in outputs else next(iter(outputs))
            shape = tuple(int(side) for side in detail["shape"])
            if len(shape) != 4 or (wanted not in outputs and len(outputs) > 1):
                continue
            if detail["dtype"] != np.float32 or (wanted == "stage1" and output != wanted):
                continue
            found[shape[1:3]] = (runner, name, output)
            self.channels = shape[3]
        if not found:
            raise ValueError(
                f"{path} has no signature from a float32 image to '{wanted}'. Received: "
                f"{self._interpreter.get_signature_list()}. Export it with hinet_tf.export_tflite."
            )
        return found

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Restores float32 images in [0, 1], `(batch, height, width, channels)`, unclipped."""
        runner, name, output = self._signatures[batch.shape[1:3]]
        # The files hold a batch of one, which is what phones run.
        with self._lock:
            return np.concatenate([runner(**{name: image[np.newaxis]})[output] for image in batch])
