"""The training loss in Keras 2."""

import math
from typing import Any

import tensorflow as tf

from hinet_tf.legacy.keras_2 import keras_2


@keras_2.utils.register_keras_serializable(package="hinet_tf.legacy")
class PSNRLoss(keras_2.losses.Loss):
    """The Keras 2 form of `hinet_tf.losses.PSNRLoss`: negative PSNR of each image, in decibels.

    Given one target, a twin is trained on the sum over its two images, as HINet is.

    Args:
        max_value: Peak of the images. Defaults to 1.0.
        **kwargs: Arguments of Keras 2's `Loss` (`reduction`, `name`).

    Example:
    >>> round(float(PSNRLoss()(tf.zeros((2, 8, 8, 3)), tf.fill((2, 8, 8, 3), 0.1))), 3)
    -20.0
    """

    def __init__(self, max_value: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**{"name": "psnr_loss", **kwargs})
        self.max_value = max_value

    def call(self, y_true: Any, y_pred: Any) -> Any:
        error = (tf.cast(y_pred, tf.float32) - tf.cast(y_true, tf.float32)) / self.max_value
        mse = tf.reduce_mean(tf.square(error), axis=(1, 2, 3))
        # Of a perfect image the logarithm stays finite, at -80 dB.
        return 10.0 / math.log(10.0) * tf.math.log(mse + 1e-8)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "max_value": self.max_value}
