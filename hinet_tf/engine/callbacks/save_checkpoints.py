"""Saving the state to resume from."""

from typing import Any

import keras

from hinet_tf.engine.checkpoints import Checkpoints
from hinet_tf.engine.progress import Progress


class SaveCheckpoints(keras.callbacks.Callback):
    """Saves a checkpoint every so often and at the end.

    Args:
        progress: The training's position; its best score goes into the checkpoint.
        checkpoints: Where to.
        interval: Steps between two checkpoints.

    Example:
    >>> callback = SaveCheckpoints(progress, checkpoints, interval=1000)
    """

    def __init__(self, progress: Progress, checkpoints: Checkpoints, interval: int) -> None:
        super().__init__()
        self.progress = progress
        self.checkpoints = checkpoints
        self.interval = interval

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves when due."""
        if self.progress.due(self.interval):
            self.save()

    def save(self) -> None:
        """Saves now."""
        notes = {"best_psnr": self.progress.best_psnr}
        self.checkpoints.save(self.progress.step, self.model, notes)
