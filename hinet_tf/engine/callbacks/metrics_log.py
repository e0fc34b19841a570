"""Numbers of the training in files."""

import math
from pathlib import Path
from typing import Any

import keras

from hinet_tf.engine.json_log import JsonLog
from hinet_tf.engine.progress import TrainingProgress


class MetricsLog(keras.callbacks.Callback):
    """Writes means over the last steps to a JSON-lines file and to TensorBoard.

    Args:
        progress: The training's position.
        log: The JSON-lines file.
        tensorboard: Directory of the TensorBoard events, which need TensorFlow; `None` for none.
        interval: Steps between two records.

    Example:
    >>> callback = MetricsLog(progress, JsonLog("log.jsonl"), "tensorboard", interval=50)
    """

    def __init__(
        self, progress: TrainingProgress, log: JsonLog, tensorboard: Path | None, interval: int
    ) -> None:
        super().__init__()
        self.progress = progress
        self.log = log
        self.interval = interval
        self._values: dict[str, list[tuple[float, int]]] = {}
        self._tensorboard = None
        if tensorboard:
            import tensorflow as tf

            self._tensorboard = tf.summary
            self._writer = tf.summary.create_file_writer(str(tensorboard))

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Collects the step's numbers and writes their means when due."""
        for key, value in logs.items():
            # Float16 leaves out a step whose gradient is too large for it; JSON has no infinity.
            if math.isfinite(number := float(value)):
                self._values.setdefault(key, []).append((number, self.progress.newest))
        if self.progress.due(self.interval):
            means = {
                key: sum(value * count for value, count in values) / sum(c for _, c in values)
                for key, values in self._values.items()
            }
            rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
            self.write("train", {**means, "learning_rate": float(rate)})
            self._values = {}

    def write(self, kind: str, values: dict[str, float]) -> None:
        """Writes one record, such as a validation's, at the current step."""
        step = self.progress.step
        self.log.append({"step": step, "kind": kind, **values})
        if self._tensorboard:
            with self._writer.as_default(step):
                for key, value in values.items():
                    self._tensorboard.scalar(f"{kind}/{key}", value)
            self._writer.flush()

    def write_image(self, name: str, image: Any) -> None:
        """Shows a uint8 image in TensorBoard at the current step."""
        if self._tensorboard:
            with self._writer.as_default(self.progress.step):
                self._tensorboard.image(name, image[None])

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Closes the events file."""
        if self._tensorboard:
            self._writer.close()
