"""Peak signal-to-noise ratio, as a Keras metric and of one pair of arrays."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

# 100 dB for a perfect image instead of infinity, which would poison the mean.
_SMALLEST_MSE = 1e-10


@keras.saving.register_keras_serializable(package="hinet_tf")
class PSNR(keras.metrics.Mean):
    """The mean of the images' peak signal-to-noise ratios, in decibels.

    Restored images are clipped to [0, `max_value`] first, as they are when written to a file.
    The peak is never guessed from the image: a guess can be wrong by 48 dB. Identical images
    count as 100 dB.

    Args:
        max_value: Peak of the images. Defaults to 1.0.
        name: Name of the metric. Defaults to `"psnr"`.

    Call arguments:
        y_true: Clean images, `(batch, height, width, channels)` in [0, `max_value`].
        y_pred: Restored images of the same shape.

    Raises:
        ValueError: If `max_value` is not positive, or the shapes differ.

    Example:
    >>> metric = PSNR()
    >>> metric.update_state(keras.ops.zeros((1, 8, 8, 3)), keras.ops.full((1, 8, 8, 3), 0.1))
    >>> round(float(metric.result()), 3)
    20.0
    """

    def __init__(self, max_value: float = 1.0, name: str = "psnr", dtype: Any = None) -> None:
        if max_value <= 0:
            raise ValueError(f"`max_value` must be positive. Received: max_value={max_value}")
        super().__init__(name=name, dtype=dtype)
        # More is better: what EarlyStopping asks of a metric that it monitors.
        self._direction = "up"
        self.max_value = max_value

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        check_same_shape(y_true, y_pred)
        y_pred = ops.clip(ops.cast(y_pred, "float32"), 0.0, self.max_value)
        error = (y_pred - ops.cast(y_true, "float32")) / self.max_value
        mse = ops.maximum(ops.mean(ops.square(error), axis=(1, 2, 3)), _SMALLEST_MSE)
        super().update_state(-10.0 / math.log(10.0) * ops.log(mse), sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "max_value": self.max_value}


def check_same_shape(y_true: Any, y_pred: Any) -> None:
    """Refuses images of two sizes, of which arithmetic would repeat the smaller one.

    Args:
        y_true: An array or a tensor; sizes that are not known yet are not compared.
        y_pred: Another.

    Raises:
        ValueError: If the shapes differ.

    Example:
    >>> check_same_shape(np.zeros((2, 8, 8, 3)), np.zeros((2, 8, 8, 3)))
    """
    shapes = tuple(ops.shape(y_true)), tuple(ops.shape(y_pred))
    differ = any(
        isinstance(a, int) and isinstance(b, int) and a != b for a, b in zip(*shapes, strict=False)
    )
    if differ or len(shapes[0]) != len(shapes[1]):
        raise ValueError(
            "Clean and restored images must have one shape. Received: "
            f"y_true.shape={shapes[0]}, y_pred.shape={shapes[1]}."
        )


def psnr(image: np.ndarray, target: np.ndarray, peak: float = 1.0) -> float:
    """The PSNR of two arrays in decibels, computed in float64; the one rule for its two ends.

    Equal arrays have infinite PSNR, and arrays that hold NaN or infinity minus infinite: they
    fail every bound and sort as the worst. Whoever averages or stores a PSNR caps it.

    Args:
        image: Any shape and number type. Nothing is clipped or rounded.
        target: The same shape.
        peak: The largest value that a pixel may take.

    Returns:
        The PSNR.

    Example:
    >>> round(psnr(np.full((2, 2, 1), 0.1), np.zeros((2, 2, 1))), 6)
    20.0
    """
    error = float(np.mean((image.astype(np.float64) - target) ** 2))
    if not math.isfinite(error):
        return -math.inf
    return math.inf if error == 0 else 10 * math.log10(peak**2 / error)
