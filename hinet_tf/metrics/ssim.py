"""Structural similarity as a Keras metric."""

from typing import Any

import keras
import numpy as np
from keras import ops

from hinet_tf.metrics.psnr import check_same_shape
from hinet_tf.metrics.structural_similarity import K1, K2, WINDOW, gaussian


@keras.saving.register_keras_serializable(package="hinet_tf")
class SSIM(keras.metrics.Mean):
    """The mean of the images' structural similarities, between -1 and 1.

    Per channel, over the region where the window fits, averaged over channels: the variant of
    `tf.image.ssim` and BasicSR. The variants of the papers differ by up to 0.07; use
    `hinet_tf.evaluate_images` to reproduce a published figure.

    Args:
        max_value: Peak of the images. Defaults to 1.0.
        name: Name of the metric. Defaults to `"ssim"`.

    Call arguments:
        y_true: Clean images, `(batch, height, width, channels)` in [0, `max_value`], both
            sides at least 11 pixels.
        y_pred: Restored images of the same shape; clipped to [0, `max_value`].

    Raises:
        ValueError: If `max_value` is not positive, the shapes differ, or an image is smaller than
            the window.

    Example:
    >>> metric = SSIM()
    >>> metric.update_state(keras.ops.ones((1, 16, 16, 3)), keras.ops.ones((1, 16, 16, 3)))
    >>> float(metric.result())
    1.0
    """

    def __init__(self, max_value: float = 1.0, name: str = "ssim", dtype: Any = None) -> None:
        if max_value <= 0:
            raise ValueError(f"`max_value` must be positive. Received: max_value={max_value}")
        super().__init__(name=name, dtype=dtype)
        # More is better: what EarlyStopping asks of a metric that it monitors.
        self._direction = "up"
        self.max_value = max_value

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        check_same_shape(y_true, y_pred)
        y_true = ops.cast(y_true, "float32") / self.max_value
        y_pred = ops.clip(ops.cast(y_pred, "float32") / self.max_value, 0.0, 1.0)
        super().update_state(_similarity(y_true, y_pred), sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "max_value": self.max_value}


def _similarity(a: Any, b: Any) -> Any:
    """SSIM of each image of two batches with peak one, `(batch,)`."""
    if any(isinstance(side, int) and side < WINDOW for side in a.shape[1:3]):
        raise ValueError(
            f"SSIM needs images of at least {WINDOW}x{WINDOW} pixels, the size of its window. "
            f"Received: shape={tuple(a.shape)}"
        )
    mean_a, mean_b = _blur(a), _blur(b)
    variance_a = _blur(a * a) - mean_a * mean_a
    variance_b = _blur(b * b) - mean_b * mean_b
    covariance = _blur(a * b) - mean_a * mean_b
    c1, c2 = K1**2, K2**2
    luminance = (2 * mean_a * mean_b + c1) / (mean_a * mean_a + mean_b * mean_b + c1)
    structure = (2 * covariance + c2) / (variance_a + variance_b + c2)
    return ops.mean(luminance * structure, axis=(1, 2, 3))


def _blur(x: Any) -> Any:
    """Gaussian window along both sides, where it fits."""
    channels = x.shape[-1]
    taps = gaussian().astype("float32")
    for shape in ((WINDOW, 1, 1, 1), (1, WINDOW, 1, 1)):
        kernel = np.tile(taps.reshape(shape), (1, 1, channels, 1))
        x = ops.depthwise_conv(x, kernel, padding="valid", data_format="channels_last")
    return x
