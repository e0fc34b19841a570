"""Counting optimizer steps over interruptions."""

import time
from typing import Any

import keras

from hinet_tf.engine.progress import TrainingProgress


class CountSteps(keras.callbacks.Callback):
    """Moves the shared `TrainingProgress` on; must be the first of the callbacks.

    Args:
        progress: The training's position.

    Example:
    >>> callback = CountSteps(progress)
    """

    def __init__(self, progress: TrainingProgress) -> None:
        super().__init__()
        self.progress = progress

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock."""
        self._first = batch
        self._begin = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Counts the steps since the begin: one, or several that were executed together."""
        self.progress.newest = batch - self._first + 1
        self.progress.step += self.progress.newest
        # Reading a number waits for the step to end on an accelerator.
        float(logs["loss"])
        self.progress.step_seconds = (time.perf_counter() - self._begin) / self.progress.newest
