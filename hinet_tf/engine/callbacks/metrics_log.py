"""Numbers of the training in files."""

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from hinet_tf.engine.json_log import JsonLog
from hinet_tf.engine.progress import Progress


class MetricsLog(keras.callbacks.Callback):
    """Writes means over the last steps to a JSON-lines file and to TensorBoard.

    Args:
        progress: The training's position.
        log: The JSON-lines file.
        tensorboard: Directory of the TensorBoard events.
        interval: Steps between two records.

    Example:
    >>> callback = MetricsLog(progress, JsonLog("log.jsonl"), "tensorboard", interval=50)
    """

    def __init__(self, progress: Progress, log: JsonLog, tensorboard: Path, interval: int) -> None:
        super().__init__()
        self.progress = progress
        self.log = log
        self.interval = interval
        self.writer = tf.summary.create_file_writer(str(tensorboard))
        self._recent: list[dict[str, float]] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Collects the step's numbers and writes their means when due."""
        self._recent.append({key: float(value) for key, value in logs.items()})
        if self.progress.due(self.interval):
            count = len(self._recent)
            means = {key: sum(r[key] for r in self._recent) / count for key in self._recent[0]}
            rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
            self.write("train", {**means, "learning_rate": float(rate)})
            self._recent.clear()

    def write(self, kind: str, values: dict[str, float]) -> None:
        """Writes one record, such as a validation's, at the current step."""
        step = self.progress.step
        self.log.append({"step": step, "kind": kind, **values})
        with self.writer.as_default(step):
            for key, value in values.items():
                tf.summary.scalar(f"{kind}/{key}", value)
        self.writer.flush()

    def write_image(self, name: str, image: Any) -> None:
        """Shows a uint8 image in TensorBoard at the current step."""
        with self.writer.as_default(self.progress.step):
            tf.summary.image(name, image[tf.newaxis])

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Closes the events file."""
        self.writer.close()
