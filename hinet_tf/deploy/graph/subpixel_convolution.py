"""Convolutions that make four pixels at a time, in the form that every delegate runs fast."""

from typing import Any

import keras
import numpy as np
from keras import ops

from hinet_tf.layers import Convolution, TransposedConvolution


class SubpixelConvolution(keras.layers.Layer):
    """A convolution whose channels are 2x2 pixels each, and depth-to-space that lays them out.

    It stands for two layers of the trained network, each exactly:

    - for a 2x2, stride-2 transposed convolution, with `kernel_size=1`. Each of its output pixels
      sees one input pixel only, so its four taps are four 1x1 convolutions. TFLite's
      TRANSPOSE_CONV needs a static output shape, falls off XNNPACK without one, and is slower;
    - for a 3x3 convolution to the three channels of an image, with `kernel_size=4, strides=2`.
      Processors compute 8 or 16 output channels at once, so that one of three costs as much as
      one of 16; here all 12 of a block share what they read, 16 taps instead of 36.

    Args:
        filters: Number of output channels.
        kernel_size: Side of the kernel in input pixels, 1 or 4.
        strides: Input pixels from one block to the next, 1 or 2.
        **kwargs: Base layer keyword arguments (`name`, `dtype`).

    Input shape: `(batch, height, width, channels)`, even sizes if `strides` is 2.
    Output shape: `(batch, 2 * height / strides, 2 * width / strides, filters)`.

    Example:
    >>> SubpixelConvolution(8)(keras.ops.ones((1, 16, 16, 4))).shape
    TensorShape([1, 32, 32, 8])
    """

    def __init__(self, filters: int, kernel_size: int = 1, strides: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.taps = keras.layers.Conv2D(
            4 * filters, kernel_size, strides, "same", name="taps", dtype=self.dtype_policy
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.taps.build(input_shape)

    def call(self, inputs: Any) -> Any:
        return ops.depth_to_space(self.taps(inputs), 2)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, _ = self.taps.compute_output_shape(input_shape)
        return (batch, height and 2 * height, width and 2 * width, self.filters)

    def assign(self, trained: TransposedConvolution | Convolution) -> None:
        """Takes over the weights of the layer that this one stands for."""
        kernel, bias = trained.get_weights()
        if isinstance(trained, TransposedConvolution):
            # (2, 2, out, in) to (1, 1, in, 2, 2, out).
            taps = kernel.transpose(3, 0, 1, 2)[None, None]
        else:
            # The pixel in row i, column j of a block sees the 3x3 inputs from row i, column j on.
            taps = np.zeros((4, 4, kernel.shape[2], 2, 2, self.filters), kernel.dtype)
            for row, column in np.ndindex(2, 2):
                taps[row : row + 3, column : column + 3, :, row, column] = kernel
        # Depth-to-space reads row, column, channel.
        taps = taps.reshape(*taps.shape[:3], -1)
        self.taps.set_weights([taps, np.tile(bias, 4)])
