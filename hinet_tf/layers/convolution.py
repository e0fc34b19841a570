"""Convolution with the initialization that the official network was trained from."""

from typing import Any

import keras

from hinet_tf.layers.fake_quantization import fake_quantization


@keras.saving.register_keras_serializable(package="hinet_tf")
class Convolution(keras.layers.Conv2D):
    """A `Conv2D` with "same" padding and PyTorch's default initialization.

    The official network never calls its own initializer, so it starts from PyTorch's default:
    kernel and bias uniform in `±1/sqrt(fan_in)` (`torch.nn.Conv2d.reset_parameters`,
    Kaiming-uniform with `a=sqrt(5)`). Keras starts from Glorot kernels and zero biases.

    Args:
        filters: Number of output channels.
        kernel_size: Side of the square kernel in pixels. Defaults to 3.
        **kwargs: Arguments of `keras.layers.Conv2D`, such as `strides` and `use_bias`.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, ceil(height / strides), ceil(width / strides), filters)`.

    Example:
    >>> Convolution(8)(keras.ops.ones((1, 16, 16, 3))).shape
    TensorShape([1, 16, 16, 8])
    """

    def __init__(self, filters: int, kernel_size: int | tuple[int, int] = 3, **kwargs: Any) -> None:
        kwargs.setdefault("padding", "same")
        # Whatever a user's keras.json says of other layers.
        kwargs.setdefault("data_format", "channels_last")
        super().__init__(filters, kernel_size, **kwargs)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        fan_in = self.kernel_size[0] * self.kernel_size[1] * input_shape[-1]
        self.kernel_initializer = _uniform(fan_in)
        self.bias_initializer = _uniform(fan_in)
        super().build(input_shape)
        self.integers = fake_quantization(self, kernel_axes=(0, 1, 2))

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        if self.integers is not None:
            inputs, kernel = self.integers(inputs, tensor="input"), self.integers.kernel(kernel)
        return super().convolution_op(inputs, kernel)

    def call(self, inputs: Any) -> Any:
        outputs = super().call(inputs)
        return outputs if self.integers is None else self.integers(outputs, tensor="output")


def _uniform(fan_in: int) -> keras.initializers.Initializer:
    bound = fan_in**-0.5
    return keras.initializers.RandomUniform(-bound, bound)
