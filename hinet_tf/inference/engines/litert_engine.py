"""`.tflite` files as an engine."""

import os

import numpy as np

from hinet_tf.inference.engines.engine import stage_name
from hinet_tf.inference.engines.litert import TFLiteModel


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
        if precision != "float32":
            raise ValueError(
                "A .tflite file computes in the precision it was exported with. Received: "
                f"precision={precision!r}; use a file of that precision."
            )
        self._model = TFLiteModel(model, output=stage_name(fast))
        self.channels = self._model.channels
        self.sizes = tuple(sorted(self._model.sizes, key=lambda size: size[0] * size[1]))

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Restores float32 images in [0, 1], `(batch, height, width, channels)`.

        Unclipped, but for a file of uint8 images, which rounds to 8 bits before and behind.
        """
        in_levels = self._model.dtype == np.uint8
        if in_levels:
            batch = np.rint(np.clip(batch, 0.0, 1.0) * 255).astype(np.uint8)
        # The files hold a batch of one, which is what phones run.
        restored = np.stack([self._model.restore(image) for image in batch])
        return restored.astype(np.float32) / np.float32(255) if in_levels else restored
