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

    def call(self, inputs: Any) -> Any:
        x = ops.cast(inputs, "float32")
        normalized = x[..., : self.gamma.shape[0]]
        mean, variance = self._statistics(normalized)
        scale = self.gamma * ops.rsqrt(variance + self.epsilon)
        shift = self.beta - mean * scale
        # One scale and shift of the whole map: no full-size split and concatenation.
        scale = ops.concatenate([scale, ops.ones_like(scale)], axis=-1)
        shift = ops.concatenate([shift, ops.zeros_like(shift)], axis=-1)
        return ops.cast(x * scale + shift, self.compute_dtype)

    def _statistics(self, x: Any) -> tuple[Any, Any]:
        """Mean and biased variance of each channel of each image, `(batch, 1, 1, channels)`."""
        return ops.moments(x, axes=(1, 2), keepdims=True)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}
