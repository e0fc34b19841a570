"""Running an exported .tflite file on arrays."""

import os
import re
import threading

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from hinet_tf.deploy.native_log import silenced


class TFLiteModel:
    """A `.tflite` file that `export_tflite` wrote, ready to restore arrays.

    The LiteRT runtime alone does the work: neither TensorFlow nor Keras is needed.

    Args:
        file: Path of the file, or its content.
        num_threads: Threads of the processor to use; `None` for all.

    Raises:
        ValueError: If the file is no `.tflite` file, or has no signature that restores an image.

    Example:
    >>> model = TFLiteModel("denoise.tflite")  # doctest: +SKIP
    >>> restored = model.restore(image)  # doctest: +SKIP
    """

    def __init__(
        self, file: str | os.PathLike[str] | bytes, num_threads: int | None = None
    ) -> None:
        content = file if isinstance(file, bytes) else _read(file)
        if content[4:8] != b"TFL3":
            raise ValueError(f"Expected a .tflite file. Received: {file!r}, which is none.")
        self._interpreter = Interpreter(
            model_content=content, num_threads=num_threads or os.cpu_count()
        )
        self._signatures = {}
        for name in self._interpreter.get_signature_list():
            if match := re.fullmatch(r"restore_(\d+)x(\d+)", name):
                self._signatures[int(match[1]), int(match[2])] = name
        if not self._signatures:
            raise ValueError(
                "The file has no signature named restore_<height>x<width>. Received: "
                f"{list(self._interpreter.get_signature_list())}. Write it with export_tflite."
            )
        self._runners = {}
        # An interpreter has one set of tensors: two threads would write into each other's image.
        self._lock = threading.Lock()

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Height and width of the images that the file restores."""
        return list(self._signatures)

    def restore(self, image: np.ndarray) -> np.ndarray:
        """Restores one image of one of the `sizes`.

        Args:
            image: `(height, width, channels)` or `(1, height, width, channels)`, of the file's
                type: float32 in [0, 1] or uint8.

        Returns:
            The restored image, of the same shape and type; float images unclipped.

        Raises:
            ValueError: If no signature takes such an image.
        """
        with self._lock:
            return self._restore(image)

    def _restore(self, image: np.ndarray) -> np.ndarray:
        runner = self._runner(image)
        details = runner.get_input_details()["image"]
        if details["shape"][-1] != image.shape[-1] or details["dtype"] != image.dtype:
            raise ValueError(
                f"The file takes {np.dtype(details['dtype'])} images of shape "
                f"{tuple(map(int, details['shape']))}. Received: {image.dtype} of shape "
                f"{image.shape}."
            )
        # XNNPACK announces itself on the first run.
        with silenced():
            restored = runner(image=image.reshape(details["shape"]))["restored"]
        return restored.reshape(image.shape)

    def _runner(self, image: np.ndarray):
        size = image.shape[-3:-1]
        if size not in self._signatures:
            raise ValueError(
                f"The file restores images of height and width {self.sizes}. Received: an image "
                f"of shape {image.shape}. Pad or tile it, as hinet_tf.Restorer does."
            )
        if size not in self._runners:
            name = self._signatures[size]
            self._runners[size] = self._interpreter.get_signature_runner(name)
        return self._runners[size]


def run_tflite(
    file: str | os.PathLike[str] | bytes, image: np.ndarray, num_threads: int | None = None
) -> np.ndarray:
    """Restores one image with a `.tflite` file; `TFLiteModel` is for many.

    Example:
    >>> restored = run_tflite("denoise.tflite", image)  # doctest: +SKIP
    """
    return TFLiteModel(file, num_threads).restore(image)


def _read(path: str | os.PathLike[str]) -> bytes:
    with open(path, "rb") as file:
        return file.read()
