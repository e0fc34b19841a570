"""The upsampling half of the U-Net."""

from typing import Any

import keras
from keras import ops

from hinet_tf.layers.encoder_block import EncoderBlock
from hinet_tf.layers.transposed_convolution import TransposedConvolution


@keras.saving.register_keras_serializable(package="hinet_tf")
class DecoderBlock(keras.layers.Layer):
    """Doubles the resolution, joins the encoder's features and mixes both (`UNetUpBlock`).

    The decoder never normalizes, in the paper as in the official code.

    Args:
        filters: Number of output channels.
        negative_slope: Slope of the leaky ReLU below zero. Defaults to 0.2.
        **kwargs: Base layer keyword arguments (`name`, `dtype`).

    Call arguments:
        inputs: A pair `[x, bridge]`: the deeper features, and the encoder features of twice
            their size that come over the skip connection.

    Input shape: `[(batch, height, width, deep), (batch, 2 * height, 2 * width, channels)]`.
    Output shape: `(batch, 2 * height, 2 * width, filters)`.

    Example:
    >>> x, bridge = keras.ops.ones((1, 8, 8, 16)), keras.ops.ones((1, 16, 16, 8))
    >>> DecoderBlock(8)([x, bridge]).shape
    TensorShape([1, 16, 16, 8])
    """

    def __init__(self, filters: int, negative_slope: float = 0.2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.negative_slope = negative_slope
        self.up = self._upsampling()
        self.block = EncoderBlock(
            filters,
            negative_slope=negative_slope,
            name="block",
            dtype=self.dtype_policy,
            trainable=self.trainable,
        )

    def _upsampling(self) -> keras.layers.Layer:
        return TransposedConvolution(
            self.filters, name="up", dtype=self.dtype_policy, trainable=self.trainable
        )

    def build(self, input_shape: list[tuple[int | None, ...]]) -> None:
        deep_shape, bridge_shape = input_shape
        self.up.build(deep_shape)
        self.block.build((*bridge_shape[:-1], self.filters + bridge_shape[-1]))

    def join(self, inputs: list[Any]) -> Any:
        """Returns what the block reads: the deeper features at twice their size, and the bridge."""
        x, bridge = inputs
        return ops.concatenate([self.up(x), bridge], axis=-1)

    def call(self, inputs: list[Any]) -> Any:
        return self.block(self.join(inputs))

    def compute_output_shape(
        self, input_shape: list[tuple[int | None, ...]]
    ) -> tuple[int | None, ...]:
        return (*input_shape[1][:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "negative_slope": self.negative_slope,
        }
