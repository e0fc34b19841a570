"""Supervised attention module, SAM (MPRNet, Zamir et al., CVPR 2021; HINet, figure 2)."""

from typing import Any

import keras
from keras import ops

from hinet_tf.layers.convolution import Convolution


@keras.saving.register_keras_serializable(package="hinet_tf")
class SupervisedAttention(keras.layers.Layer):
    """Makes the first stage's restored image and lets it gate the features handed on.

    `restored = conv(features) + image`, then
    `conv(features) * sigmoid(conv(restored)) + features`. All three convolutions are 3x3 with
    bias as in HINet's official code; MPRNet's are 1x1 without bias. The official code fixes the
    image to three channels here; this layer takes the channels of the image.

    The restored image is summed in float32 under any dtype policy, so that float16 and bfloat16
    only round the correction and not the image.

    Args:
        **kwargs: Base layer keyword arguments (`name`, `dtype`).

    Call arguments:
        inputs: A pair `[features, image]`.

    Input shape: `[(batch, height, width, filters), (batch, height, width, channels)]`.
    Output shape: a pair `(features, restored)` of the same shapes.

    Example:
    >>> features, image = keras.ops.ones((1, 16, 16, 8)), keras.ops.ones((1, 16, 16, 3))
    >>> attended, restored = SupervisedAttention()([features, image])
    >>> attended.shape, restored.shape
    (TensorShape([1, 16, 16, 8]), TensorShape([1, 16, 16, 3]))
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.autocast = False

    def build(self, input_shape: list[tuple[int | None, ...]]) -> None:
        features_shape, image_shape = input_shape
        self.feature_conv = self._convolution(features_shape[-1], "feature_conv")
        self.image_conv = self._convolution(image_shape[-1], "image_conv")
        self.gate_conv = self._convolution(features_shape[-1], "gate_conv")
        self.feature_conv.build(features_shape)
        self.image_conv.build(features_shape)
        self.gate_conv.build(image_shape)

    def _convolution(self, filters: int, name: str) -> Convolution:
        return Convolution(filters, name=name, dtype=self.dtype_policy, trainable=self.trainable)

    def call(self, inputs: list[Any]) -> tuple[Any, Any]:
        features, image = inputs
        correction = ops.cast(self.image_conv(features), "float32")
        restored = correction + ops.cast(image, "float32")
        gate = ops.sigmoid(self.gate_conv(restored))
        return self.feature_conv(features) * gate + features, restored

    def compute_output_shape(
        self, input_shape: list[tuple[int | None, ...]]
    ) -> tuple[tuple[int | None, ...], tuple[int | None, ...]]:
        return input_shape[0], input_shape[1]

    def get_config(self) -> dict[str, Any]:
        # Overridden because Keras serializes a dtype policy object only where it is.
        return super().get_config()
