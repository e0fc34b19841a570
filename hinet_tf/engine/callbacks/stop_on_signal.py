"""Giving way to a machine that is taken away."""

import math
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    # A training on JAX stops as well, and must not bring it in.
    import tensorflow as tf


class StopOnSignal(keras.callbacks.Callback):
    """On SIGTERM or Ctrl-C, or when its time is up, finishes the step, saves and ends the training.

    With several workers the signal may reach only one of them, while the others would wait for
    it in the next step for ever: after each step the workers tell one another.

    Args:
        save: Saves the state; called once, before the training ends.
        strategy: The strategy of the training; `None` for one process.
        seconds: End after so long; `None` for never.

    Example:
    >>> callback = StopOnSignal(save=lambda: None, seconds=540)
    """

    def __init__(
        self,
        save: Callable[[], None],
        strategy: "tf.distribute.Strategy | None" = None,
        seconds: float | None = None,
    ) -> None:
        super().__init__()
        self._received = False
        self._end = math.inf if seconds is None else time.monotonic() + seconds
        self._save = save
        self._agree = _agreement(strategy)
        self._previous: dict[int, Any] = {}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Takes over the signals."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._previous[number] = signal.signal(number, self._receive)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Ends the training if any worker has received a signal or has no time left."""
        if self._agree(self._received or time.monotonic() >= self._end):
            self._save()
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Gives the signals back; also for a training that ended with an error."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous.clear()

    def _receive(self, number: int, frame: Any) -> None:
        self._received = True


def _agreement(strategy: "tf.distribute.Strategy | None") -> Callable[[bool], bool]:
    if strategy is None:
        return lambda received: received
    import tensorflow as tf

    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return lambda received: received

    @tf.function
    def agree(received: Any) -> Any:
        return strategy.reduce("SUM", received, axis=None)

    return lambda received: bool(agree(tf.constant(float(received))) > 0)
