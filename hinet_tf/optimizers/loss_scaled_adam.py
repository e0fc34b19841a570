"""Adam for float16 arithmetic."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from hinet_tf.optimizers.adam import Adam

# Initial scale and growth of `torch.amp.GradScaler` and `keras.optimizers.LossScaleOptimizer`.
_INITIAL_SCALE = 2.0**15
_GROWTH_INTERVAL = 2000


@keras.saving.register_keras_serializable(package="hinet_tf")
class LossScaledAdam(Adam):
    """`Adam` that scales the loss so that float16 gradients neither vanish nor overflow.

    A step whose gradient overflowed changes no weight and halves the scale; after a while
    without overflow the scale doubles. All replicas decide alike, because they look at the
    gradient summed over all of them. Keras' `LossScaleOptimizer` looks at the first replica's
    alone: an overflow elsewhere writes infinity into the weights.

    Skipped steps count for the schedule, and not for Adam's bias correction.

    Args:
        learning_rate: As for `Adam`.
        initial_scale: Scale of the first step. Defaults to 2^15.
        growth_interval: Steps without overflow after which the scale doubles. Defaults to 2000.
        **kwargs: Other arguments of `Adam`.

    Example:
    >>> model = HINet(width=4, depth=2)
    >>> model.compile(LossScaledAdam(2e-4), hinet_tf.losses.PSNRLoss(), auto_scale_loss=False)
    """

    def __init__(
        self,
        learning_rate: Any = 2e-4,
        initial_scale: float = _INITIAL_SCALE,
        growth_interval: int = _GROWTH_INTERVAL,
        name: str = "loss_scaled_adam",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, name=name, **kwargs)
        self.initial_scale = initial_scale
        self.growth_interval = growth_interval

    def build(self, variables: Sequence[keras.Variable]) -> None:
        if self.built:
            return
        super().build(variables)

        def scalar(name: str, value: float) -> keras.Variable:
            return self.add_variable(
                shape=(),
                name=name,
                initializer=keras.initializers.Constant(value),
                aggregation="only_first_replica",
            )

        self.loss_scale = scalar("loss_scale", self.initial_scale)
        self.steps_since_change = scalar("steps_since_change", 0.0)
        self.updates = scalar("updates", 0.0)
        # Whether the newest gradient was finite, one or zero.
        self.finite = scalar("finite", 1.0)

    def scale_loss(self, loss: Any) -> Any:
        return loss * ops.cast(self.loss_scale, loss.dtype)

    def assign_add(self, variable: Any, value: Any) -> None:
        super().assign_add(variable, self._unless_overflown(value))

    def assign_sub(self, variable: Any, value: Any) -> None:
        super().assign_sub(variable, self._unless_overflown(value))

    def _unless_overflown(self, value: Any) -> Any:
        return ops.where(self.finite > 0, value, ops.zeros_like(value))

    def _update_number(self) -> Any:
        return self.updates + 1.0

    def _clip_by_global_norm(self, grads: list[Any]) -> list[Any]:
        inverse = 1.0 / self.loss_scale
        grads = super()._clip_by_global_norm(
            [g if g is None else g * ops.cast(inverse, g.dtype) for g in grads]
        )
        finite = ops.cast(ops.isfinite(self.gradient_norm), "float32")
        calm = (self.steps_since_change + 1.0) * finite
        grows = ops.cast(calm >= self.growth_interval, "float32")
        self.loss_scale.assign(self.loss_scale * (0.5 + 0.5 * finite) * (1.0 + grows))
        self.steps_since_change.assign(calm * (1.0 - grows))
        self.updates.assign(self.updates + finite)
        self.finite.assign(finite)
        return grads

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "initial_scale": self.initial_scale,
            "growth_interval": self.growth_interval,
        }
