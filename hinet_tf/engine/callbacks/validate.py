"""Validation during the training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from hinet_tf.engine.callbacks.metrics_log import MetricsLog
from hinet_tf.engine.progress import TrainingProgress
from hinet_tf.engine.validator import Validator
from hinet_tf.images.pixel_format import to_uint8


class Validate(keras.callbacks.Callback):
    """Scores the network every so often and saves the best one.

    Args:
        progress: The training's position; its scores are updated.
        validator: What scores.
        metrics_log: Where scores and a before/after picture go.
        interval: Steps between two validations.
        best: File of the best model.
        update: Called before the network is read: brings in weights that are trained elsewhere.
    """

    def __init__(
        self,
        progress: TrainingProgress,
        validator: Validator,
        metrics_log: MetricsLog,
        interval: int,
        best: Path,
        update: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self.progress = progress
        self.validator = validator
        self.metrics_log = metrics_log
        self.interval = interval
        self.best = best
        self.update = update

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """When due, scores the network and saves it if it is the best so far."""
        if self.progress.due(self.interval):
            self.update()
            scores = self.validator.validate(self.progress, self.best)
            self.metrics_log.write("validation", scores)
            _, images = self.validator.restored(0)
            row = np.concatenate([to_uint8(image) for image in images], axis=1)
            self.metrics_log.write_image("degraded, restored, clean", row)
