import keras
import numpy as np
import pytest
import tensorflow as tf
from skimage.metrics import peak_signal_noise_ratio

from hinet_tf.losses import PSNRLoss
from hinet_tf.metrics import PSNR, SSIM
from hinet_tf.metrics.psnr import psnr


def test_is_the_mean_of_the_images_psnr_over_all_batches():
    random = np.random.default_rng(0)
    y_true = random.uniform(size=(5, 8, 9, 3)).astype("float32")
    noise = random.normal(size=y_true.shape) * np.array([0.01, 0.1, 0.5, 0.05, 0.2]).reshape(
        5, 1, 1, 1
    )
    y_pred = np.clip(y_true + noise, 0, 1).astype("float32")
    metric = PSNR()
    metric.update_state(y_true[:2], y_pred[:2])
    metric.update_state(y_true[2:], y_pred[2:])
    expected = tf.reduce_mean(tf.image.psnr(y_true, y_pred, 1.0))
    assert float(metric.result()) == pytest.approx(float(expected), abs=1e-4)


def test_the_peak_is_never_guessed_and_values_are_clipped_to_it():
    y_true = np.full((1, 8, 8, 3), 0.5, "float32")
    y_true[0, 0, 0] = 1.0
    y_pred = y_true.copy()
    y_pred[0, 0, 0] = 1.7  # one pixel over the peak changed a guessed peak to 255
    y_pred[0, 1] += 0.1
    metric = PSNR()
    metric.update_state(y_true, y_pred)
    assert float(metric.result()) == pytest.approx(-10 * np.log10(0.01 / 8), abs=1e-4)
    scaled = PSNR(max_value=255)
    scaled.update_state(255 * y_true, 255 * y_pred)
    assert float(scaled.result()) == pytest.approx(float(metric.result()), abs=1e-4)


def test_identical_images_count_as_100_db_and_not_as_infinity():
    y = np.zeros((2, 8, 8, 3), "float32")
    metric = PSNR()
    metric.update_state(y, np.stack([y[0], y[1] + 0.1]))
    assert float(metric.result()) == pytest.approx((100 + 20) / 2, abs=1e-3)


@pytest.mark.parametrize("measure", [PSNR(), SSIM(), PSNRLoss()])
@pytest.mark.parametrize("shape", [(2, 16, 16, 1), (1, 16, 16, 3), (2, 1, 1, 3), (16, 16, 3)])
def test_unequal_shapes_are_refused(measure, shape):
    with pytest.raises(ValueError, match="must have one shape"):
        measure(np.zeros((2, 16, 16, 3), "float32"), np.zeros(shape, "float32"))


def test_config_round_trips_and_bad_peaks_are_refused():
    twin = keras.metrics.deserialize(keras.metrics.serialize(PSNR(max_value=255, name="p")))
    assert (twin.max_value, twin.name) == (255, "p")
    with pytest.raises(ValueError, match="max_value=-1"):
        PSNR(max_value=-1)


def test_psnr_of_two_arrays_is_not_clipped_and_knows_its_peak():
    random = np.random.default_rng(0)
    target = random.integers(0, 256, (5, 7, 3), "uint8")
    image = random.integers(0, 256, (5, 7, 3), "uint8")
    expected = peak_signal_noise_ratio(target, image, data_range=255)
    assert psnr(image, target, peak=255) == pytest.approx(expected, abs=1e-9)
    assert psnr(image / 255, target / 255) == pytest.approx(expected, abs=1e-9)
    assert psnr(np.full((2, 2), 11.0), np.ones((2, 2))) == pytest.approx(-20)


def test_psnr_of_equal_and_of_broken_arrays():
    image = np.ones((4, 4, 3), "float32")
    assert psnr(image, image) == np.inf
    for broken in (np.nan, np.inf, -np.inf):
        image = np.ones((4, 4, 3), "float32")
        image[1, 2, 0] = broken
        # The worst of all, where NaN would make the order of scores a matter of chance.
        assert psnr(image, np.ones_like(image)) == -np.inf
