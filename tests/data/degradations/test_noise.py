"""Noise has the variance, mean and skewness its model states."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage, stats

from hinet_tf.data import random_numbers
from hinet_tf.data.degradations import (
    BlindNoise,
    CameraNoise,
    CorrelatedNoise,
    GaussianNoise,
    JpegCompression,
    PhotoNoise,
    SensorNoise,
)
from hinet_tf.data.degradations.linear_light import to_linear, to_srgb

SIDE = 512


def flat(value):
    return np.full((SIDE, SIDE, 1), value, np.float32)


def draws(degradation, image):
    """400 degraded images, of the seeds 0 to 399."""
    degrade = tf.function(lambda seed: degradation(image, seed), autograph=False)
    return [degrade(random_numbers.as_seed(seed)).numpy() for seed in range(400)]


@pytest.mark.parametrize("sigma", [5, 25, 50])
def test_gaussian_noise_is_white_and_as_strong_as_said(sigma):
    noise = GaussianNoise(sigma, clip=False)(flat(0.4), 1).numpy()[..., 0] - 0.4
    assert np.std(noise) == pytest.approx(sigma / 255, rel=0.01)
    assert abs(np.mean(noise)) < 4 * sigma / 255 / SIDE
    spectrum = np.abs(np.fft.fft2(noise)[1:, 1:]) ** 2
    low, high = spectrum[:64, :64].mean(), spectrum[192:320, 192:320].mean()
    assert low == pytest.approx(high, rel=0.1)


def test_blind_noise_draws_its_strength_uniformly():
    sigmas = [255 * np.std(GaussianNoise((0, 50), clip=False)(flat(0.5), i)) for i in range(150)]
    assert stats.kstest(sigmas, stats.uniform(0, 50).cdf).pvalue > 0.01


def test_gaussian_noise_clips_unless_told():
    assert GaussianNoise(50)(flat(1.0), 1).numpy().max() == 1.0
    assert GaussianNoise(50, clip=False)(flat(1.0), 1).numpy().max() > 1.2


# Brightness against the two parameters of the model, where clipping at black or white eats no
# more than a thousandth of the law: farther than 3.1 standard deviations from either.
LAW = [
    (light, shot, read)
    for shot, read in [(1e-4, 1e-6), (2e-3, 2e-5), (8e-3, 1e-5)]
    for light in (0.02, 0.05, 0.1, 0.2, 0.4, 0.6)
    if light > 3.1 * np.sqrt(shot * light + read)
]


@pytest.mark.parametrize(("light", "shot", "read"), LAW)
def test_sensor_noise_variance_against_brightness(light, shot, read):
    srgb = to_srgb(flat(light)).numpy()
    noisy = to_linear(SensorNoise(shot, read)(srgb, 3)).numpy()
    assert np.var(noisy) == pytest.approx(shot * light + read, rel=0.05)
    assert np.mean(noisy) == pytest.approx(light, rel=0.01)


@pytest.mark.parametrize("photons", [0.01, 0.05, 0.5, 1, 2, 5, 20, 100])
def test_photon_counts_have_the_moments_of_poisson(photons):
    counts = SensorNoise()._photons(flat(photons), 5).numpy().ravel()
    assert counts.mean() == pytest.approx(photons, abs=4 * np.sqrt(photons / counts.size))
    assert counts.var() == pytest.approx(photons, rel=0.03)
    if photons >= 1:
        tolerance = 0.02 / np.sqrt(photons) + 5 * np.sqrt(6 / counts.size)
        assert stats.skew(counts) == pytest.approx(1 / np.sqrt(photons), abs=tolerance)


def test_shadows_are_noisier_than_highlights_behind_the_curve():
    spread = [SensorNoise(0.005, 1e-5)(flat(value), 3).numpy().std() for value in (0.2, 0.5, 0.9)]
    assert spread[0] > 1.1 * spread[1] > 1.2 * spread[2]


def test_default_noise_levels_follow_the_published_line():
    """Read noise goes with shot noise as in Brooks et al. 2019."""
    noise = SensorNoise(shot=(0.001, 0.001))
    logs = [np.log(noise._read(np.float32(0.001), i).numpy()) for i in range(300)]
    assert np.mean(logs) == pytest.approx(2.18 * np.log(0.001) + 1.2, abs=4 * 0.26 / np.sqrt(300))
    assert np.std(logs) == pytest.approx(0.26, rel=0.15)


def test_linear_light_round_trip_and_known_values():
    levels = np.arange(256, dtype=np.float32) / 255
    np.testing.assert_allclose(to_srgb(to_linear(levels)), levels, atol=2e-6)
    # Middle gray of IEC 61966-2-1 and the joint of its two parts.
    assert float(to_linear(0.5)) == pytest.approx(0.21404114, abs=1e-6)
    assert float(to_linear(0.04045)) == pytest.approx(0.0031308, abs=1e-6)


@pytest.mark.parametrize("convert", [to_linear, to_srgb])
def test_the_curve_rises_from_a_black_that_is_nothing(convert):
    """A trace of light below nothing has no square root, of which photons are drawn."""
    assert (convert(np.zeros(64, np.float32)).numpy() == 0).all()
    curve = convert(np.linspace(0, 1, 100_001, dtype=np.float32)).numpy()
    assert (np.diff(curve) > 0).all() and curve[-1] == pytest.approx(1, abs=3e-7)


@pytest.mark.parametrize(
    "make",
    [
        lambda: GaussianNoise(-1),
        lambda: GaussianNoise((30, 10)),
        lambda: GaussianNoise("strong"),
        lambda: GaussianNoise(float("nan")),
        lambda: SensorNoise(shot=0),
        lambda: SensorNoise(read=(0, 1, 2)),
    ],
)
def test_parameters_out_of_range(make):
    with pytest.raises(ValueError, match="expected a number between"):
        make()


def test_blind_noise_mixes_sensors_clipped_and_unclipped_gaussians():
    # On white, unclipped noise exceeds 1 and nothing else does; on mid gray with no Gaussian
    # noise, only a sensor's changes the image. 400 draws: 4 standard errors are 0.08 and 0.1.
    white = draws(BlindNoise(50, sensor_share=0.2), flat(1.0)[:16, :16])
    assert np.mean([image.max() > 1 for image in white]) == pytest.approx(0.8 * 0.5, abs=0.1)
    gray = draws(BlindNoise(0, sensor_share=0.2), flat(0.5)[:16, :16])
    assert np.mean([image.std() > 1e-4 for image in gray]) == pytest.approx(0.2, abs=0.08)


def test_blind_noise_refuses_a_share_beyond_one():
    with pytest.raises(ValueError, match=r"sensor_share.*1.2"):
        BlindNoise(sensor_share=1.2)


@pytest.mark.parametrize(
    ("sigma", "grain", "color"), [(8, 0.2, 1), (8, 0.7, 0.5), (20, 1.2, 0), (5, 2.0, 0.3)]
)
def test_correlated_noise_has_the_grain_color_and_strength_that_it_says(sigma, grain, color):
    image = np.full((SIDE, SIDE, 3), 0.5, np.float32)
    noise = np.asarray(CorrelatedNoise(sigma, grain, color)(image, 3)) - image
    # Noise of coarse grain has fewer independent values: SIDE / (3.5 * grain) squared.
    assert noise.std() == pytest.approx(sigma / 255, rel=0.03)
    # Filtered with a Gaussian twice: the filter's autocorrelation, here from SciPy's filter.
    point = np.zeros((41, 41))
    point[20, 20] = 1
    filtered = ndimage.gaussian_filter(point, grain, radius=4)
    expected = np.sum(filtered[1:] * filtered[:-1]) / np.sum(filtered**2)
    red = noise[..., 0]
    for one, next_one in ((red[1:], red[:-1]), (red[:, 1:], red[:, :-1])):
        assert np.corrcoef(one.ravel(), next_one.ravel())[0, 1] == pytest.approx(expected, abs=0.02)
    # What the channels share is the gray part: all but the square of the coloured one.
    shared = np.corrcoef(red.ravel(), noise[..., 2].ravel())[0, 1]
    assert shared == pytest.approx(1 - color**2, abs=0.04)


def test_correlated_noise_is_as_strong_at_the_border_and_stays_in_range():
    image = np.full((64, 64, 3), 0.5, np.float32)
    noise = draws(CorrelatedNoise(10, grain=1.6), image) - image
    border, middle = noise[:, :2].std(), noise[:, 30:34].std()
    assert border == pytest.approx(middle, rel=0.03)
    noisy = np.asarray(CorrelatedNoise(100)(image, 1))
    assert noisy.min() == 0 and noisy.max() == 1


@pytest.mark.parametrize("wrong", [{"sigma": -1}, {"grain": 0}, {"grain": 2.5}, {"color": 1.1}])
def test_correlated_noise_refuses_what_is_out_of_range(wrong):
    with pytest.raises(ValueError, match=f"`{next(iter(wrong))}` is"):
        CorrelatedNoise(**wrong)


def test_photo_noise_compresses_its_share_of_noisy_images():
    # Half of the chroma's resolution is gone with the compression, so that the colour noise of
    # neighbours is alike, which independent noise is not. 400 draws: 4 standard errors are 0.1.
    white = {"camera_share": 0, "grain_share": 0, "clean_share": 0}
    degrade = PhotoNoise(40, quality=95, jpeg_share=0.4, **white)
    gray = np.full((32, 32, 3), 0.5, np.float32)
    compressed = []
    for noisy in draws(degrade, gray):
        blue = noisy[..., 2] - noisy[..., 1]
        if blue.std() > 0.05:
            compressed.append(np.corrcoef(blue[:, 1:].ravel(), blue[:, :-1].ravel())[0, 1] > 0.3)
    assert len(compressed) > 300
    assert np.mean(compressed) == pytest.approx(0.4, abs=0.1)


def test_photo_noise_compresses_after_the_noise():
    image = np.full((64, 64, 3), 0.5, np.float32)
    fold_in = random_numbers.fold_in
    noisy = BlindNoise(30)(image, fold_in(7, 1))
    expected = JpegCompression(80)(noisy, fold_in(7, 3))
    white = {"camera_share": 0, "grain_share": 0, "clean_share": 0}
    degrade = PhotoNoise(30, quality=80, jpeg_share=1, **white)
    np.testing.assert_array_equal(degrade(image, 7), expected)
    np.testing.assert_array_equal(PhotoNoise(30, jpeg_share=0, **white)(image, 7), noisy)
    grain = PhotoNoise(30, camera_share=0, grain_share=1, jpeg_share=0, clean_share=0)
    np.testing.assert_array_equal(grain(image, 7), CorrelatedNoise()(image, fold_in(7, 1)))
    camera = PhotoNoise(camera_share=1, clean_share=0)
    np.testing.assert_array_equal(camera(image, 7), CameraNoise()(image, fold_in(7, 1)))
    assert camera.margin == CameraNoise().margin
    np.testing.assert_array_equal(PhotoNoise(clean_share=1)(image, 7), image)


@pytest.mark.parametrize("share", ["jpeg_share", "camera_share", "grain_share", "clean_share"])
def test_photo_noise_refuses_a_share_beyond_one(share):
    with pytest.raises(ValueError, match=f"{share}.*-0.1"):
        PhotoNoise(**{share: -0.1})
