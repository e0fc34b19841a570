"""Half instance normalization in Keras 2."""

from typing import Any

import tensorflow as tf

from hinet_tf.legacy.keras_2 import keras_2


@keras_2.utils.register_keras_serializable(package="hinet_tf.legacy")
class HalfInstanceNormalization(keras_2.layers.Layer):
    """The Keras 2 form of `hinet_tf.layers.HalfInstanceNormalization`: same weights, same result.

    Args:
        epsilon: Positive float added to the variance. Defaults to 1e-5.
        **kwargs: Base layer keyword arguments (`name`, `dtype`).

    Input shape: `(batch, height, width, channels)`; `channels` static and even.
    Output shape: same as the input.

    Raises:
        ValueError: If `epsilon` is not positive or the number of channels is not even.

    Example:
    >>> HalfInstanceNormalization()(tf.ones((2, 8, 8, 4))).shape
    TensorShape([2, 8, 8, 4])
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs: Any) -> None:
        if epsilon <= 0:
            raise ValueError(f"`epsilon` must be positive. Received: epsilon={epsilon}")
        super().__init__(**kwargs)
        self._autocast = False
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        channels = input_shape[-1]
        if not channels or channels % 2:
            raise ValueError(
                "HalfInstanceNormalization expects a static, even number of channels, because it "
                f"normalizes half of them. Received: input_shape={tuple(input_shape)}"
            )
        half = (channels // 2,)
        self.gamma = self.add_weight("gamma", half, tf.float32, "ones")
        self.beta = self.add_weight("beta", half, tf.float32, "zeros")
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        x = tf.cast(inputs, tf.float32)
        mean, variance = tf.nn.moments(x[..., : self.gamma.shape[0]], axes=(1, 2), keepdims=True)
        scale = self.gamma * tf.math.rsqrt(variance + self.epsilon)
        shift = self.beta - mean * scale
        scale = tf.concat([scale, tf.ones_like(scale)], axis=-1)
        shift = tf.concat([shift, tf.zeros_like(shift)], axis=-1)
        return tf.cast(x * scale + shift, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}
