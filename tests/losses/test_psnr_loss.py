import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from hinet_tf.losses import PSNRLoss


def pair(seed=0, shape=(3, 9, 7, 3)):
    random = np.random.default_rng(seed)
    return random.uniform(size=shape).astype("float32"), random.normal(0.5, 0.5, shape).astype(
        "float32"
    )


def test_is_the_mean_over_images_of_the_negative_psnr():
    y_true, y_pred = pair()
    y_pred[1] = y_true[1] + 0.001
    expected = [
        10 * math.log10(np.mean((a - b) ** 2.0) + 1e-8) for a, b in zip(y_true, y_pred, strict=True)
    ]
    values = PSNRLoss(reduction="none")(y_true, y_pred)
    assert values.shape == (3,)
    np.testing.assert_allclose(values, expected, atol=1e-4)
    # Averaging the errors before the logarithm would be several dB off on these images.
    assert float(PSNRLoss()(y_true, y_pred)) == pytest.approx(np.mean(expected), abs=1e-4)
    # The 1e-8 under the logarithm shows only near 60 dB and above.
    oracle = -tf.image.psnr(y_true, y_pred, 1.0)
    np.testing.assert_allclose(values[::2], oracle[::2], atol=1e-4)


def test_a_perfect_image_is_finite_with_a_finite_gradient():
    y = tf.constant(pair()[0])
    with tf.GradientTape() as tape:
        tape.watch(y)
        loss = PSNRLoss()(tf.stop_gradient(y), y)
    assert float(loss) == pytest.approx(-80, abs=1e-3)
    assert np.isfinite(tape.gradient(loss, y)).all()


def test_max_value_is_the_peak():
    y_true, y_pred = pair()
    assert float(PSNRLoss(max_value=255)(255 * y_true, 255 * y_pred)) == pytest.approx(
        float(PSNRLoss()(y_true, y_pred)), abs=1e-4
    )


def test_luma_compares_bt601_luma():
    y_true, y_pred = pair()

    def luma(x):
        return (16 + 65.481 * x[..., 0] + 128.553 * x[..., 1] + 24.966 * x[..., 2]) / 255

    mse = np.mean((luma(y_true) - luma(y_pred)) ** 2, axis=(1, 2))
    expected = np.mean(10 * np.log10(mse + 1e-8))
    assert float(PSNRLoss(luma=True)(y_true, y_pred)) == pytest.approx(expected, abs=1e-4)


def test_half_precision_images_are_compared_in_float32():
    y_true, y_pred = pair()
    loss = PSNRLoss()(y_true, ops.cast(y_pred, "bfloat16"))
    assert float(loss) == pytest.approx(float(PSNRLoss()(y_true, y_pred)), abs=0.02)
    assert loss.dtype == tf.float32


def test_config_round_trips_and_bad_peaks_are_refused():
    loss = PSNRLoss(max_value=255, luma=True, name="y_psnr")
    twin = keras.losses.deserialize(keras.losses.serialize(loss))
    assert (twin.max_value, twin.luma, twin.name) == (255, True, "y_psnr")
    with pytest.raises(ValueError, match="max_value=0"):
        PSNRLoss(max_value=0)
