"""Rain falls where, how long, how densely and how translucently it is told to."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from hinet_tf.data import random_numbers
from hinet_tf.data.degradations import Rain

GRAY = np.full((160, 160, 3), 0.4, np.float32)


def orientation(coverage):
    """Angle of the streaks in degrees from vertical, from the structure tensor."""
    # Smoothed, because the stairs of a one-pixel streak have the direction of the grid.
    rows, columns = np.gradient(ndimage.gaussian_filter(coverage, 2))
    double = np.arctan2(2 * (rows * columns).sum(), (columns**2 - rows**2).sum())
    return np.degrees(double / 2)


@pytest.mark.parametrize("angle", [-40, -10, 0, 25])
def test_direction(angle):
    rain = Rain(angle=angle, length=40, density=5)
    measured = [orientation(rain.coverage(seed, 200, 200).numpy()) for seed in range(6)]
    assert np.mean(measured) == pytest.approx(angle, abs=3)


def test_positive_angle_leans_to_the_right_at_the_top():
    coverage = Rain(angle=45, length=60, density=0.3).coverage(3, 200, 200).numpy()
    right_at_top = np.sum(coverage[:-5, 5:] * coverage[5:, :-5])
    left_at_top = np.sum(coverage[:-5, :-5] * coverage[5:, 5:])
    assert right_at_top > 2 * left_at_top


def test_longer_wider_and_denser_rain_covers_more():
    def covered(**parameters):
        values = {"angle": 0, "length": 20, "density": 2, "translucency": 0.2, "width": 2}
        rain = Rain(**(values | parameters))
        coverage = tf.function(lambda seed: rain.coverage(seed, 128, 128), autograph=False)
        return np.mean([coverage(random_numbers.as_seed(seed)).numpy().mean() for seed in range(8)])

    base = covered()
    assert covered(width=4) == pytest.approx(2 * base, rel=0.2)
    assert covered(length=40) == pytest.approx(2 * base, rel=0.25)
    assert covered(density=4) == pytest.approx(2 * base, rel=0.25)
    assert covered(translucency=0.6) == pytest.approx(0.5 * base, rel=0.15)


def test_drops_per_thousand_pixels():
    """Short opaque streaks of one pixel's length are the drops themselves."""
    coverage = Rain(angle=0, length=1, density=6, translucency=0).coverage(5, 400, 400).numpy()
    assert np.sum(coverage > 0.35) / 160 == pytest.approx(6, rel=0.15)


def test_no_density_or_full_translucency_leaves_the_image():
    for rain in (Rain(density=0), Rain(translucency=1, veil=0)):
        np.testing.assert_allclose(rain(GRAY, 1), GRAY, atol=2e-6)


def test_streaks_brighten_the_dark_and_are_gray():
    rainy = Rain(density=10, veil=0)(GRAY, 1).numpy()
    assert rainy.min() > 0.4 - 1e-5 and rainy.max() > 0.5
    np.testing.assert_allclose(rainy[..., 0], rainy[..., 2], atol=1e-6)


def test_compositions():
    """Each as its formula says, from the same streaks; the linear one keeps light's share."""
    options = {"density": 10, "veil": 0}
    streaks = Rain(**options).coverage(3, 160, 160).numpy()[..., None]
    screen = Rain(composition="screen", **options)(GRAY, 3).numpy()
    np.testing.assert_allclose(screen, 0.4 + streaks * 0.6 * np.ones(3), atol=1e-5)
    additive = Rain(composition="additive", **options)(GRAY, 3).numpy()
    np.testing.assert_allclose(additive, np.minimum(0.4 + streaks * np.ones(3), 1), atol=1e-5)
    light = Rain(composition="light", **options)(GRAY, 3).numpy()
    linear = ((0.4 + 0.055) / 1.055) ** 2.4
    expected = linear + streaks * (0.85 - linear) * np.ones(3)
    np.testing.assert_allclose(((light + 0.055) / 1.055) ** 2.4, expected, atol=1e-4)


def test_every_composition_is_drawn():
    options = {"density": 20, "length": 10, "translucency": 0.1, "veil": 0}
    gray = GRAY[:32, :32]

    names = ("light", "screen", "additive")
    degrade = tf.function(Rain(**options), autograph=False)
    only = {name: tf.function(Rain(composition=name, **options), autograph=False) for name in names}

    def which(seed):
        seed = random_numbers.as_seed(seed)
        drawn = degrade(gray, seed).numpy()
        return [
            name for name in names if np.abs(only[name](gray, seed).numpy() - drawn).max() < 1e-6
        ]

    drawn = [which(seed) for seed in range(12)]
    assert all(len(names) == 1 for names in drawn)
    assert {names[0] for names in drawn} == {"light", "screen", "additive"}


def test_veil_takes_contrast_in_proportion_to_the_density():
    image = np.zeros((64, 64, 3), np.float32)
    image[:, 32:] = 1

    def contrast(density):
        rain = Rain(density=(density, 40), translucency=1, veil=0.4)
        veiled = rain(image, 5).numpy()
        return veiled[:, 32:].mean() - veiled[:, :32].mean()

    assert contrast(40) == pytest.approx(0.6, abs=1e-5)
    assert contrast(0.5) > 0.65


def test_parameters_out_of_range():
    with pytest.raises(ValueError, match="`composition` is 'overlay'; expected one of 'light', "):
        Rain(composition="overlay")
    with pytest.raises(ValueError, match="`angle` is 120; expected a number between -90 and 90"):
        Rain(angle=120)
