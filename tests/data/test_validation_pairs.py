"""The images that are validated on."""

import numpy as np
import pytest

from hinet_tf.data import ArraySource, GaussianNoise, ValidationPairs, builtin_photos
from hinet_tf.data.sources.builtin import TRAINING_PHOTOS, VALIDATION_PHOTOS


def test_the_same_pairs_each_time():
    pairs = ValidationPairs(builtin_photos("train"), degradation=GaussianNoise(25), seed=5)
    assert [pair.name for pair in pairs] == list(TRAINING_PHOTOS)
    for first, again in zip(pairs, pairs, strict=True):
        np.testing.assert_array_equal(first.degraded, again.degraded)
        assert first.degraded.dtype == first.clean.dtype == np.float32
    # Made last, asked for first: an image's noise depends on its own number alone.
    np.testing.assert_array_equal(pairs[-1].degraded, list(pairs)[-1].degraded)


def test_noise_differs_between_images_and_seeds():
    flat = np.full((64, 64, 3), 128, np.uint8)
    source = ArraySource([flat, flat])
    noise = GaussianNoise(25)
    first, second = (pair.degraded for pair in ValidationPairs(source, degradation=noise))
    other = ValidationPairs(source, degradation=noise, seed=1)[0].degraded
    assert not np.array_equal(first, second) and not np.array_equal(first, other)


def test_limit_spreads_over_all():
    images = [np.full((4, 4), value, np.uint8) for value in range(100)]
    pairs = ValidationPairs(ArraySource(images, images), limit=4)
    assert [pair.name for pair in pairs] == ["0", "25", "50", "75"]


def test_training_and_validation_photos_are_different():
    assert not set(TRAINING_PHOTOS) & set(VALIDATION_PHOTOS)
    with pytest.raises(ValueError, match="no split 'test'"):
        builtin_photos("test")


def test_clean_source_without_degradation():
    with pytest.raises(ValueError, match="pass a degradation"):
        ValidationPairs(builtin_photos("val"))
