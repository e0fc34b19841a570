"""Saving the state to resume from."""

import math
import time
from collections.abc import Callable
from typing import Any

import keras

from hinet_tf.engine.checkpoints import Checkpoints
from hinet_tf.engine.progress import TrainingProgress


class SaveCheckpoints(keras.callbacks.Callback):
    """Saves a checkpoint every so often and at the end.

    Args:
        progress: The training's position; its best score goes into the checkpoint.
        checkpoints: Where to.
        interval: Steps between two checkpoints.
        seconds: Save after so long as well; `None` to go by steps alone.
        update: Called before the network is read: brings in weights that are trained elsewhere.

    Example:
    >>> callback = SaveCheckpoints(progress, checkpoints, interval=1000)
    """

    def __init__(
        self,
        progress: TrainingProgress,
        checkpoints: Checkpoints,
        interval: int,
        seconds: float | None = None,
        update: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self.progress = progress
        self.checkpoints = checkpoints
        self.interval = interval
        self.seconds = math.inf if seconds is None else seconds
        self.update = update
        self._saved = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves when due."""
        late = time.monotonic() - self._saved > self.seconds
        if self.progress.due(self.interval) or late:
            self.save()

    def save(self) -> None:
        """Saves now."""
        self.update()
        progress = self.progress
        self.checkpoints.save(progress.step, self.model, {"best_psnr": progress.best_psnr})
        self._saved = time.monotonic()
