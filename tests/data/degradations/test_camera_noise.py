"""Noise of cameras: its laws on the sensor, and what interpolation and processing make of it."""

import numpy as np
import pytest

from hinet_tf.data import CameraNoise, GaussianNoise, random_numbers
from hinet_tf.data.degradations.bayer import bayer_sites, demosaic, mosaic
from hinet_tf.data.degradations.camera_colors import CameraColors

RAW_ONLY = {"processed_share": 0, "halved_share": 0, "jpeg_share": 0}
GRAY = np.full((256, 256, 3), 0.4, np.float32)


def neighbours_alike(noise):
    """Correlation of each pixel's green with that of the pixel to its right."""
    green = noise[..., 1]
    return np.corrcoef(green[:, 1:].ravel(), green[:, :-1].ravel())[0, 1]


@pytest.mark.parametrize("light", [0.0, 0.1, 0.7])
def test_variance_on_the_sensor_is_that_of_photons_and_reading(light):
    camera, seed = CameraNoise(iso=3200), 3
    shot, read, row = (float(value) for value in camera.strengths(seed))
    noise = np.asarray(camera.sensor_noise(np.full((512, 512), light, np.float32), seed))
    # Rows share an offset; within them only photons and reading scatter.
    within = np.mean(np.var(noise, axis=1))
    assert within == pytest.approx(shot * light + read, rel=0.02)
    assert np.var(noise.mean(axis=1)) == pytest.approx(row + within / 512, rel=0.3)


def test_more_sensitivity_is_more_noise():
    levels = [
        np.mean([np.std(CameraNoise(iso, **RAW_ONLY)(GRAY, seed) - GRAY) for seed in range(4)])
        for iso in (100, 1600, 25600)
    ]
    assert levels[0] * 2 < levels[1] and levels[1] * 2 < levels[2]


def test_interpolation_makes_neighbours_alike_which_white_noise_is_not():
    camera = [np.asarray(CameraNoise(1600, **RAW_ONLY)(GRAY, s)) - GRAY for s in range(4)]
    assert np.mean([neighbours_alike(noise) for noise in camera]) > 0.15
    assert abs(neighbours_alike(np.asarray(GaussianNoise(10)(GRAY, 1)) - GRAY)) < 0.02
    processed = CameraNoise(1600, processed_share=1, halved_share=0, jpeg_share=0)
    smooth = [np.asarray(processed(GRAY, s)) - GRAY for s in range(4)]
    assert np.mean([neighbours_alike(noise) for noise in smooth]) > 0.4


def test_noise_has_no_colour_and_stays_in_range():
    for seed in range(6):
        noisy = np.asarray(CameraNoise(800)(GRAY, seed))
        assert noisy.min() >= 0 and noisy.max() <= 1
        np.testing.assert_allclose((noisy - GRAY).mean(axis=(0, 1)), 0, atol=0.01)


def test_an_image_of_the_camera_without_noise_is_the_image():
    image = np.random.default_rng(0).uniform(0, 1, (16, 16, 3)).astype(np.float32)
    for seed in range(5):
        camera = CameraColors(random_numbers.as_seed(seed))
        np.testing.assert_allclose(camera.render(camera.unrender(image)), image, atol=2e-4)


@pytest.mark.parametrize("corrected", [0.0, 1.0])
@pytest.mark.parametrize("phase", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_interpolation_keeps_gray_slopes(corrected, phase):
    rows, columns = np.mgrid[0:12, 0:14].astype(np.float32)
    slope = np.repeat((0.02 * rows + 0.03 * columns)[..., None], 3, axis=-1)
    sites = bayer_sites(12, 14, np.array(phase))
    restored = np.asarray(demosaic(mosaic(slope, sites), sites, corrected))
    np.testing.assert_allclose(restored[2:-2, 2:-2], slope[2:-2, 2:-2], atol=1e-6)


def test_gray_images_are_refused():
    with pytest.raises(ValueError, match=r"RGB images.*SensorNoise"):
        CameraNoise()(GRAY[..., :1], 1)
