"""Adam as PyTorch computes it, with a norm clip that holds under every strategy."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

# Added to the norm by `torch.nn.utils.clip_grad_norm_`.
_CLIP_EPSILON = 1e-6


@keras.saving.register_keras_serializable(package="hinet_tf")
class Adam(keras.optimizers.Adam):
    """The optimizer that HINet is trained with.

    It differs from `keras.optimizers.Adam` in two ways that decide whether a training equals
    the official one:

    - The clip acts on the gradients averaged over all replicas. Keras clips each replica's
      gradients before their sum, so that a clip of 0.01 becomes up to 0.01 times the number of
      replicas. In the official training the clip is always active (the norm starts near 70).
    - Epsilon is added after the bias correction, as in PyTorch, not before it. At a clipped
      gradient of 1e-6 per weight the difference is 9 % of the step.

    After each step `gradient_norm` holds the global norm before the clip.

    Args:
        learning_rate: Float or schedule; the official files use 2e-4 with `CosineDecay`.
        beta_1: Decay of the mean of the gradients. Defaults to 0.9.
        beta_2: Decay of the mean of their squares. Defaults to 0.99 (deblurring, deraining);
            the official SIDD files use 0.999.
        epsilon: Added to the corrected root mean square. Defaults to 1e-8 (`torch.optim.Adam`).
        global_clipnorm: Largest global L2 norm of the averaged gradients; `None` for no clip.
            Defaults to 0.01 (official `image_restoration_model.py`).
        **kwargs: Other arguments of `keras.optimizers.Adam`.

    Raises:
        ValueError: If `clipnorm`, `clipvalue`, `amsgrad` or `gradient_accumulation_steps` is
            asked for: Keras would clip or accumulate per replica.

    Example:
    >>> HINet(width=4, depth=2).compile(Adam(2e-4), loss=hinet_tf.losses.PSNRLoss())
    """

    def __init__(
        self,
        learning_rate: Any = 2e-4,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        epsilon: float = 1e-8,
        global_clipnorm: float | None = 0.01,
        name: str = "adam",
        **kwargs: Any,
    ) -> None:
        for argument in ("clipnorm", "clipvalue", "amsgrad", "gradient_accumulation_steps"):
            if kwargs.get(argument):
                raise ValueError(
                    f"hinet_tf.optimizers.Adam does not support `{argument}`; it clips by "
                    f"`global_clipnorm`. Received: {argument}={kwargs[argument]}"
                )
        super().__init__(
            learning_rate,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            global_clipnorm=global_clipnorm,
            name=name,
            **kwargs,
        )

    def build(self, variables: Sequence[keras.Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self.gradient_norm = self.add_variable(
            shape=(), name="gradient_norm", aggregation="only_first_replica"
        )

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        rate, epsilon = (ops.cast(number, variable.dtype) for number in learning_rate)
        index = self._get_variable_index(variable)
        m, v = self._momentums[index], self._velocities[index]
        self.assign_add(m, (gradient - m) * (1.0 - self.beta_1))
        self.assign_add(v, (ops.square(gradient) - v) * (1.0 - self.beta_2))
        self.assign_sub(variable, rate * m / (ops.sqrt(v) + epsilon))

    def _backend_update_step(
        self, grads: list[Any], trainable_variables: list[Any], learning_rate: Any
    ) -> None:
        # PyTorch's `lr * m_hat / (sqrt(v_hat) + epsilon)`, its bias corrections moved into two
        # numbers that are computed once a step and not once a variable: a third of the nodes
        # of the training graph otherwise.
        step = ops.cast(self._update_number(), "float32")
        correction_1 = 1.0 - ops.power(self.beta_1, step)
        correction_2 = ops.sqrt(1.0 - ops.power(self.beta_2, step))
        rate = ops.cast(learning_rate, "float32") * correction_2 / correction_1
        epsilon = self.epsilon * correction_2
        super()._backend_update_step(grads, trainable_variables, (rate, epsilon))

    def _update_number(self) -> Any:
        """Number of the update being made, from 1."""
        return self.iterations + 1

    def _clip_gradients(self, grads: list[Any]) -> list[Any]:
        # TensorFlow's optimizer calls this before the sum over replicas, where it is too early.
        if keras.backend.backend() == "tensorflow":
            return grads
        return self._clip_by_global_norm(grads)

    def _all_reduce_sum_gradients(self, grads_and_vars: list[Any]) -> list[Any]:
        # Only TensorFlow's optimizer has this step. The losses of the replicas are already
        # divided by their number, so that the sum is the average over all of them.
        grads_and_vars = super()._all_reduce_sum_gradients(grads_and_vars)
        grads, variables = zip(*grads_and_vars, strict=True)
        return list(zip(self._clip_by_global_norm(list(grads)), variables, strict=True))

    def _clip_by_global_norm(self, grads: list[Any]) -> list[Any]:
        squares = [ops.sum(ops.square(ops.cast(g, "float32"))) for g in grads if g is not None]
        norm = ops.sqrt(ops.sum(ops.stack(squares)))
        self.gradient_norm.assign(norm)
        if self.global_clipnorm is None:
            return grads
        scale = ops.minimum(self.global_clipnorm / (norm + _CLIP_EPSILON), 1.0)
        return [g if g is None else g * ops.cast(scale, g.dtype) for g in grads]

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for argument in ("clipnorm", "clipvalue", "amsgrad", "gradient_accumulation_steps"):
            del config[argument]
        return config
