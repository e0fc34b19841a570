"""Giving way to a machine that is taken away."""

import signal
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


class StopOnSignal(keras.callbacks.Callback):
    """On SIGTERM or Ctrl-C, finishes the step, saves and ends the training.

    With several workers the signal may reach only one of them, while the others would wait for
    it in the next step for ever: after each step the workers tell one another.

    Args:
        strategy: The strategy of the training.
        save: Saves the state; called once, before the training ends.

    Example:
    >>> callback = StopOnSignal(strategy, save_checkpoints.save)
    """

    def __init__(self, strategy: tf.distribute.Strategy, save: Callable[[], None]) -> None:
        super().__init__()
        self.stopped = False
        self._received = False
        self._save = save
        self._agree = _agreement(strategy)
        self._previous: dict[int, Any] = {}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Takes over the signals."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._previous[number] = signal.signal(number, self._receive)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Ends the training if any worker has received a signal."""
        if self._agree(self._received):
            self.stopped = True
            self._save()
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Gives the signals back."""
        self.restore_handlers()

    def restore_handlers(self) -> None:
        """Gives the signals back; also for a training that ended with an error."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous.clear()

    def _receive(self, number: int, frame: Any) -> None:
        self._received = True


def _agreement(strategy: tf.distribute.Strategy) -> Callable[[bool], bool]:
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return lambda received: received

    @tf.function
    def agree(received: tf.Tensor) -> tf.Tensor:
        return strategy.reduce("SUM", received, axis=None)

    return lambda received: bool(agree(tf.constant(float(received))) > 0)
