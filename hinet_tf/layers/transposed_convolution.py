"""Learned doubling of the resolution with PyTorch's default initialization."""

from typing import Any

import keras
from keras import ops

from hinet_tf.layers.fake_quantization import fake_quantization


@keras.saving.register_keras_serializable(package="hinet_tf")
class TransposedConvolution(keras.layers.Conv2DTranspose):
    """A 2x2, stride-2 `Conv2DTranspose` with PyTorch's default initialization.

    PyTorch computes the fan-in of a transposed convolution from the second axis of its
    `(in, out, 2, 2)` kernel, which is the output: the bound is `1/sqrt(4 * filters)`.

    Args:
        filters: Number of output channels.
        **kwargs: Base layer keyword arguments (`name`, `dtype`).

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, 2 * height, 2 * width, filters)`.

    Example:
    >>> TransposedConvolution(8)(keras.ops.ones((1, 16, 16, 4))).shape
    TensorShape([1, 32, 32, 8])
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        bound = (4 * filters) ** -0.5
        super().__init__(
            filters,
            kernel_size=2,
            strides=2,
            # Whatever a user's keras.json says of other layers.
            data_format="channels_last",
            kernel_initializer=keras.initializers.RandomUniform(-bound, bound),
            bias_initializer=keras.initializers.RandomUniform(-bound, bound),
            **kwargs,
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        # One tap of one filter is an output channel of the deployed 1x1 convolution.
        self.integers = fake_quantization(self, kernel_axes=(3,))

    def call(self, inputs: Any) -> Any:
        if self.integers is None:
            return super().call(inputs)
        outputs = ops.conv_transpose(
            self.integers(inputs, tensor="input"),
            self.integers.kernel(self.kernel),
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
        )
        return self.integers(outputs + self.bias, tensor="output")

    def get_config(self) -> dict[str, Any]:
        # Only what the constructor takes: kernel, stride and initialization are the layer's own.
        base = keras.layers.Layer.get_config(self)
        return {**base, "filters": self.filters}
