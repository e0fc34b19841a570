"""Cross-stage feature fusion, CSFF (MPRNet, Zamir et al., CVPR 2021; HINet, figure 2)."""

from typing import Any

import keras

from hinet_tf.layers.convolution import Convolution


@keras.saving.register_keras_serializable(package="hinet_tf")
class CrossStageFusion(keras.layers.Layer):
    """Brings features of the first stage to the same level of the second stage's encoder.

    `conv3x3(encoder) + conv3x3(decoder)`, which the second stage adds to its own features.

    Args:
        filters: Number of output channels.
        **kwargs: Base layer keyword arguments (`name`, `dtype`).

    Call arguments:
        inputs: A pair `[encoder, decoder]` of first-stage features of one level.

    Input shape: two times `(batch, height, width, channels)`.
    Output shape: `(batch, height, width, filters)`.

    Example:
    >>> features = keras.ops.ones((1, 16, 16, 8))
    >>> CrossStageFusion(8)([features, features]).shape
    TensorShape([1, 16, 16, 8])
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.encoder_conv = Convolution(
            filters, name="encoder_conv", dtype=self.dtype_policy, trainable=self.trainable
        )
        self.decoder_conv = Convolution(
            filters, name="decoder_conv", dtype=self.dtype_policy, trainable=self.trainable
        )

    def build(self, input_shape: list[tuple[int | None, ...]]) -> None:
        encoder_shape, decoder_shape = input_shape
        self.encoder_conv.build(encoder_shape)
        self.decoder_conv.build(decoder_shape)

    def call(self, inputs: list[Any]) -> Any:
        encoder, decoder = inputs
        return self.encoder_conv(encoder) + self.decoder_conv(decoder)

    def compute_output_shape(
        self, input_shape: list[tuple[int | None, ...]]
    ) -> tuple[int | None, ...]:
        return (*input_shape[0][:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters}
