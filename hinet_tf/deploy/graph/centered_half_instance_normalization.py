"""Half instance normalization in the form that float16 hardware survives."""

from typing import Any

import keras
import numpy as np
from keras import ops

from hinet_tf.layers import HalfInstanceNormalization

# Moves the float16 limit of the square from |x - mean| = 256 to 4096, and keeps
# epsilon / SCALE**2 = 3.9e-8 representable (at 64 it underflows: constant maps become NaN).
SCALE = 16.0


class CenteredHalfInstanceNormalization(keras.layers.Layer):
    """Half instance normalization of a map that the convolution before it divided by 16.

    In float16 the square of an activation 256 away from its mean overflows, and `x * scale +
    shift` cancels where the mean is much larger than the deviation. This form squares the
    centered map at a sixteenth of its size, and centers before it scales. Every channel takes
    the same path (a mask keeps the mean of the second half at zero and its scale at 16), so
    that there is no full-size slice, split or concatenation. A division by a power of two is
    exact, so in float32 the result equals that of `HalfInstanceNormalization`.

    Args:
        epsilon: Positive float added to the variance.
        **kwargs: Base layer keyword arguments (`name`, `dtype`).

    Input shape: `(batch, height, width, channels)`: the map divided by `SCALE`.
    Output shape: same as the input: half of it normalized, the rest as it was before the
        division.

    Example:
    >>> CenteredHalfInstanceNormalization(1e-5)(keras.ops.ones((1, 8, 8, 4))).shape
    TensorShape([1, 8, 8, 4])
    """

    def __init__(self, epsilon: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = input_shape[-1]
        self.normalized = np.arange(channels) < channels // 2
        self.gamma = self.add_weight(name="gamma", shape=(channels,), initializer="ones")
        self.beta = self.add_weight(name="beta", shape=(channels,), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        mask = self.normalized.astype(self.compute_dtype)
        mean = ops.mean(inputs, axis=(1, 2), keepdims=True) * mask
        centered = inputs - mean
        # Not ops.square of the difference: the converter would fuse the two and lose the scale.
        variance = ops.mean(centered * centered, axis=(1, 2), keepdims=True)
        inverse = ops.rsqrt(variance + self.epsilon / SCALE**2)
        scale = self.gamma * mask * inverse + (1 - mask) * SCALE
        return centered * scale + self.beta * mask

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def assign(self, trained: HalfInstanceNormalization) -> None:
        """Takes over the weights of the normalization that this layer stands for."""
        for variable, half in zip(self.weights, trained.get_weights(), strict=True):
            variable.assign(np.concatenate([half, np.zeros_like(half)]))
