"""Half instance normalization (HINet, Chen et al., CVPR Workshops 2021, section 3.2)."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="hinet_tf")
class HalfInstanceNormalization(keras.layers.Layer):
    """Normalizes the first half of the channels and passes the second half through.

    Each channel of the first half gets zero mean and unit variance over the pixels of each
    image, then a learned scale and shift. Statistics are computed in float32 under any dtype
    policy: a float16 square overflows 256 away from the mean.

    Args:
        epsilon: Positive float added to the variance. Defaults to 1e-5
            (`torch.nn.InstanceNorm2d`, as in the official `hinet_arch.py`).
        **kwargs: Base layer keyword arguments (`name`, `dtype`).

    Input shape: `(batch, height, width, channels)`; `channels` static and even.
    Output shape: same as the input.

    Raises:
        ValueError: If `epsilon` is not positive, or the inputs are not a batch of images with
            an even number of channels.

    Example:
    >>> HalfInstanceNormalization()(keras.ops.ones((2, 8, 8, 4))).shape
    TensorShape([2, 8, 8, 4])
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs: Any) -> None:
        if epsilon <= 0:
            raise ValueError(f"`epsilon` must be positive. Received: epsilon={epsilon}")
        super().__init__(**kwargs)
        # The inputs reach `call` uncast, so that statistics see their full precision.
        self.autocast = False
        self.epsilon = epsilon

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = input_shape[-1] if len(input_shape) == 4 else None
        if channels is None or channels < 2 or channels % 2:
            raise ValueError(
                "HalfInstanceNormalization expects inputs of shape (batch, height, width, "
                "channels) with a static, even number of channels, because it normalizes "
                f"half of them. Received: input_shape={tuple(input_shape)}"
            )
        self.gamma = self.add_weight(
            name="gamma", shape=(channels // 2,), initializer="ones", autocast=False
        )
        self.beta = self.add_weight(
            name="beta", shape=(channels // 2,), initializer="zeros", autocast=False
        )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        # Of a float64 policy they are float64.
        gamma, beta = (ops.cast(value, "float32") for value in (self.gamma, self.beta))
        if training:
            return _normalize_for_training(inputs, gamma, beta, self.epsilon, self.compute_dtype)
        x = ops.cast(inputs, "float32")
        mean, variance = ops.moments(x[..., : self.gamma.shape[0]], axes=(1, 2), keepdims=True)
        scale = gamma * ops.rsqrt(variance + self.epsilon)
        shift = beta - mean * scale
        # One scale and shift of the whole map: no full-size split and concatenation.
        scale = ops.concatenate([scale, ops.ones_like(scale)], axis=-1)
        shift = ops.concatenate([shift, ops.zeros_like(shift)], axis=-1)
        return ops.cast(x * scale + shift, self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}


def _normalize_for_training(inputs: Any, gamma: Any, beta: Any, epsilon: float, dtype: str) -> Any:
    """The same normalization with its gradient in closed form.

    The gradient is again a scale and shift per channel, of two maps: four passes over memory
    instead of the dozen of the derived one.
    """
    half = gamma.shape[0]

    @ops.custom_gradient
    def normalize(inputs: Any, gamma: Any, beta: Any) -> tuple[Any, Any]:
        x = ops.cast(inputs, "float32")
        mean, variance = ops.moments(x[..., :half], axes=(1, 2), keepdims=True)
        inverse = ops.rsqrt(variance + epsilon)
        scale = gamma * inverse
        ones, zeros = ops.ones_like(scale), ops.zeros_like(scale)

        def whole(first: Any, second: Any) -> Any:
            return ops.concatenate([first, second], axis=-1)

        outputs = ops.cast(x * whole(scale, ones) + whole(beta - mean * scale, zeros), dtype)

        def gradient(*args: Any, upstream: Any = None) -> tuple[Any, Any, Any]:
            dy = ops.cast(args[0] if upstream is None else upstream, "float32")
            x = ops.cast(inputs, "float32")
            dy_mean = ops.mean(dy[..., :half], axis=(1, 2), keepdims=True)
            # Centred before the product, which would cancel where the mean is large.
            centered = x[..., :half] - mean
            slope = ops.mean(dy[..., :half] * centered, axis=(1, 2), keepdims=True) * inverse
            size = ops.cast(ops.shape(x)[1] * ops.shape(x)[2], "float32")
            on_x = -scale * inverse * slope
            dx = dy * whole(scale, ones) + (
                x * whole(on_x, zeros) + whole(-scale * dy_mean - on_x * mean, zeros)
            )
            gamma_gradient = ops.sum(slope, axis=(0, 1, 2)) * size
            beta_gradient = ops.sum(dy_mean, axis=(0, 1, 2)) * size
            return ops.cast(dx, inputs.dtype), gamma_gradient, beta_gradient

        return outputs, gradient

    return normalize(inputs, gamma, beta)
