import keras
import numpy as np
import pytest
import tensorflow as tf
from skimage.metrics import structural_similarity

from hinet_tf.metrics import SSIM


def pair(shape=(2, 40, 33, 3)):
    random = np.random.default_rng(0)
    y_true = random.uniform(size=shape).astype("float32")
    return y_true, np.clip(y_true + random.normal(0, 0.2, shape), 0, 1).astype("float32")


def result(metric, y_true, y_pred):
    metric.update_state(y_true, y_pred)
    return float(metric.result())


def test_agrees_with_tensorflow_and_scikit_image():
    y_true, y_pred = pair()
    value = result(SSIM(), y_true, y_pred)
    assert value == pytest.approx(
        float(tf.reduce_mean(tf.image.ssim(y_true, y_pred, 1.0))), abs=1e-5
    )
    oracle = np.mean(
        [
            structural_similarity(
                a,
                b,
                data_range=1.0,
                channel_axis=-1,
                gaussian_weights=True,
                sigma=1.5,
                use_sample_covariance=False,
            )
            for a, b in zip(y_true, y_pred, strict=True)
        ]
    )
    assert value == pytest.approx(oracle, abs=1e-4)


def test_scale_and_gray_images():
    y_true, y_pred = pair((1, 24, 24, 1))
    assert result(SSIM(255), 255 * y_true, 255 * y_pred) == pytest.approx(
        result(SSIM(), y_true, y_pred), abs=1e-5
    )
    assert result(SSIM(), y_true, y_true) == pytest.approx(1.0, abs=1e-6)
    assert keras.metrics.deserialize(keras.metrics.serialize(SSIM(255))).max_value == 255


def test_refuses_images_smaller_than_its_window():
    with pytest.raises(ValueError, match="at least 11x11 pixels"):
        SSIM().update_state(*pair((1, 10, 30, 3)))
