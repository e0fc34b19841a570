"""What is left of a concatenation and a 1x1 convolution when one input is convolved anyway."""

from typing import Any

import keras


class PointwiseAddition(keras.layers.Layer):
    """Adds a 1x1 convolution of the second input to the first.

    A 1x1 convolution of a concatenation is a sum of two; the one whose input comes out of
    another convolution is multiplied into that one's weights, and this sum remains.

    Args:
        filters: Number of output channels.
        **kwargs: Base layer keyword arguments (`name`, `dtype`).

    Call arguments:
        inputs: A pair `[summand, features]`.

    Input shape: two times `(batch, height, width, channels)`, the summand with `filters`
        channels.
    Output shape: `(batch, height, width, filters)`.

    Example:
    >>> maps = keras.ops.ones((1, 16, 16, 8))
    >>> PointwiseAddition(8)([maps, maps]).shape
    TensorShape([1, 16, 16, 8])
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.convolution = keras.layers.Conv2D(
            filters, 1, use_bias=False, name="convolution", dtype=self.dtype_policy
        )

    def build(self, input_shape: list[tuple[int | None, ...]]) -> None:
        self.convolution.build(input_shape[1])

    def call(self, inputs: list[Any]) -> Any:
        summand, features = inputs
        return summand + self.convolution(features)

    def compute_output_shape(
        self, input_shape: list[tuple[int | None, ...]]
    ) -> tuple[int | None, ...]:
        return input_shape[0]
