"""Stopping a training that has broken down."""

import math
from typing import Any

import keras

from hinet_tf.engine.checkpoints import Checkpoints
from hinet_tf.engine.progress import TrainingProgress
from hinet_tf.optimizers import LossScaledAdam


class StopOnDivergence(keras.callbacks.Callback):
    """Ends the training with an error as soon as the loss or the gradient is not finite.

    It must come before the callback that saves, so that no broken weights are ever saved.

    Args:
        progress: The training's position.
        checkpoints: Where the last good state lies.

    Raises:
        ValueError: From the step on whose loss or gradient norm is NaN or infinite, naming
            step, learning rate and last good checkpoint.

    Example:
    >>> callback = StopOnDivergence(progress, checkpoints)
    """

    def __init__(self, progress: TrainingProgress, checkpoints: Checkpoints) -> None:
        super().__init__()
        self.progress = progress
        self.checkpoints = checkpoints

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Checks the step's loss and gradient norm."""
        values = {key: float(logs[key]) for key in ("loss", "gradient_norm") if key in logs}
        if isinstance(self.model.optimizer, LossScaledAdam):
            # A float16 gradient may overflow: the step is skipped and the scale lowered.
            values.pop("gradient_norm", None)
        for key, value in values.items():
            if not math.isfinite(value):
                steps = self.checkpoints.steps()
                last = self.checkpoints.path(steps[-1]) if steps else "none yet"
                rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
                raise ValueError(
                    f"The {key.replace('_', ' ')} became {value} at step {self.progress.step} "
                    f"with learning rate {rate:.3g}. Last good checkpoint: {last}. Repeat with a "
                    "lower learning_rate, or look for damaged images in the data."
                )
