"""The learning-rate schedule of the paper."""

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="hinet_tf")
class CosineDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Half a cosine from an initial to an absolute final learning rate, after a warm-up.

    Step `t` counts from zero: without warm-up the first step uses the initial rate exactly, as
    the official training does. During warm-up step `t` uses `initial * (t + 1) / warmup_steps`;
    the cosine then goes on where it would have been without warm-up (official
    `base_model.py`). Past `total_steps` the rate stays at its final value.

    Args:
        initial_learning_rate: Rate of the first step. The official files use 2e-4.
        total_steps: Steps until the final rate. The official files use 400,000.
        final_learning_rate: Rate at the end, absolute and not a fraction. The official files
            use 1e-7, and 1e-6 for SIDD.
        warmup_steps: Steps of linear rise at the start. Defaults to 0.
        name: Name of the schedule.

    Raises:
        ValueError: If a rate or a number of steps is out of range.

    Example:
    >>> schedule = CosineDecay(2e-4, 400_000, 1e-7)
    >>> round(float(schedule(0)), 8), round(float(schedule(400_000)), 8)
    (0.0002, 1e-07)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        total_steps: int,
        final_learning_rate: float,
        warmup_steps: int = 0,
        name: str = "cosine_decay",
    ) -> None:
        super().__init__()
        if not 0 <= final_learning_rate <= initial_learning_rate:
            raise ValueError(
                "Rates must satisfy 0 <= final_learning_rate <= initial_learning_rate. Received: "
                f"{final_learning_rate} and {initial_learning_rate}"
            )
        if total_steps < 1 or not 0 <= warmup_steps <= total_steps:
            raise ValueError(
                "Steps must satisfy 0 <= warmup_steps <= total_steps and total_steps >= 1. "
                f"Received: warmup_steps={warmup_steps}, total_steps={total_steps}"
            )
        self.initial_learning_rate = initial_learning_rate
        self.total_steps = total_steps
        self.final_learning_rate = final_learning_rate
        self.warmup_steps = warmup_steps
        self.name = name

    def __call__(self, step: Any) -> Any:
        step = ops.cast(step, "float32")
        progress = ops.minimum(step / self.total_steps, 1.0)
        # Written as a weighted mean, so that both ends are met exactly.
        weight = 0.5 * (1.0 + ops.cos(math.pi * progress))
        rate = weight * self.initial_learning_rate + (1.0 - weight) * self.final_learning_rate
        if self.warmup_steps:
            rising = self.initial_learning_rate * (step + 1.0) / self.warmup_steps
            rate = ops.where(step + 1.0 < self.warmup_steps, rising, rate)
        return rate

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "total_steps": self.total_steps,
            "final_learning_rate": self.final_learning_rate,
            "warmup_steps": self.warmup_steps,
            "name": self.name,
        }
