"""The loss that HINet is trained with."""

import math
from typing import Any

import keras
from keras import ops

from hinet_tf.metrics.psnr import check_same_shape

# ITU-R BT.601 studio luma of RGB in [0, 1], divided by 255 to stay in [0, 1]
# (`toY` of the official `losses.py`; the offset of 16 cancels in a difference).
_LUMA_WEIGHTS = (65.481 / 255, 128.553 / 255, 24.966 / 255)
# Keeps the logarithm finite on a perfect image: a floor of -80 dB (official `losses.py`).
_EPSILON = 1e-8


@keras.saving.register_keras_serializable(package="hinet_tf")
class PSNRLoss(keras.losses.Loss):
    """The negative peak signal-to-noise ratio of each image, in decibels.

    `10 / ln 10 * ln(mse + 1e-8)` with the mean squared error of one image scaled to a peak of
    one. Negative by design: -30 means a restored image at 30 dB. The logarithm is taken per
    image and averaged over the batch by the reduction, as in the official `losses.py`; the
    official weight of 0.5 changes nothing under its gradient clipping and is left to
    `loss_weights`.

    Args:
        max_value: Peak of the images. Defaults to 1.0.
        luma: Whether to compare BT.601 luma instead of RGB. Off in every official option
            file, deraining included. Defaults to `False`.
        reduction: Keras reduction over the batch. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss.

    Call arguments:
        y_true: Clean images, `(batch, height, width, channels)` in [0, `max_value`].
        y_pred: Restored images of the same shape, unclipped.

    Raises:
        ValueError: If `max_value` is not positive, or the shapes differ.

    Example:
    >>> loss = PSNRLoss()(keras.ops.zeros((2, 8, 8, 3)), keras.ops.full((2, 8, 8, 3), 0.1))
    >>> round(float(loss), 3)
    -20.0
    """

    def __init__(
        self,
        max_value: float = 1.0,
        luma: bool = False,
        reduction: str = "sum_over_batch_size",
        name: str = "psnr_loss",
        dtype: Any = None,
    ) -> None:
        if max_value <= 0:
            raise ValueError(f"`max_value` must be positive. Received: max_value={max_value}")
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.max_value = max_value
        self.luma = luma

    def call(self, y_true: Any, y_pred: Any) -> Any:
        check_same_shape(y_true, y_pred)
        error = (ops.cast(y_pred, "float32") - ops.cast(y_true, "float32")) / self.max_value
        if self.luma:
            error = ops.sum(error * ops.convert_to_tensor(_LUMA_WEIGHTS), axis=-1, keepdims=True)
        mse = ops.mean(ops.square(error), axis=(1, 2, 3))
        return 10.0 / math.log(10.0) * ops.log(mse + _EPSILON)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "max_value": self.max_value, "luma": self.luma}
