"""Counting optimizer steps over interruptions."""

import time
from typing import Any

import keras

from hinet_tf.engine.progress import Progress


class CountSteps(keras.callbacks.Callback):
    """Moves the shared `Progress` on; must be the first of the callbacks.

    Args:
        progress: The training's position.

    Example:
    >>> callback = CountSteps(progress)
    """

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock."""
        self._begin = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Counts one step."""
        self.progress.step += 1
        # Reading a number waits for the step to end on an accelerator.
        float(logs["loss"])
        self.progress.step_seconds = time.perf_counter() - self._begin
