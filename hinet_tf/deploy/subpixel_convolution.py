"""Doubling of the resolution in the form that every delegate runs."""

from typing import Any

import keras
from keras import ops

from hinet_tf.layers import TransposedConvolution


class SubpixelConvolution(keras.layers.Layer):
    """A 2x2, stride-2 transposed convolution, as a 1x1 convolution and depth-to-space.

    Each output pixel of such a transposed convolution sees one input pixel only, so its four
    taps are four 1x1 convolutions whose results interleave. The two are equal; TFLite's
    TRANSPOSE_CONV needs a static output shape, falls off XNNPACK without one, and is slower.

    Args:
        filters: Number of output channels.
        **kwargs: Base layer keyword arguments (`name`, `dtype`).

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, 2 * height, 2 * width, filters)`.

    Example:
    >>> SubpixelConvolution(8)(keras.ops.ones((1, 16, 16, 4))).shape
    TensorShape([1, 32, 32, 8])
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.taps = keras.layers.Conv2D(4 * filters, 1, name="taps", dtype=self.dtype_policy)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.taps.build(input_shape)

    def call(self, inputs: Any) -> Any:
        return ops.depth_to_space(self.taps(inputs), 2)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, _ = input_shape
        return (batch, height and 2 * height, width and 2 * width, self.filters)

    def assign(self, trained: TransposedConvolution) -> None:
        """Takes over the weights of the transposed convolution that this layer stands for."""
        kernel, bias = trained.get_weights()
        # (2, 2, out, in) to (1, 1, in, 2 * 2 * out): depth-to-space reads row, column, channel.
        taps = kernel.transpose(3, 0, 1, 2).reshape(1, 1, kernel.shape[3], 4 * self.filters)
        self.taps.set_weights([taps, bias[None].repeat(4, axis=0).ravel()])
