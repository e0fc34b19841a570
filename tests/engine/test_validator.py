import threading

import numpy as np
import pytest

from hinet_tf import HINet
from hinet_tf.data import ArraySource, GaussianNoise, ValidationPairs
from hinet_tf.engine import validator as validator_module
from hinet_tf.engine.validator import Validator, file_psnr


def test_images_are_scored_one_after_the_other_in_their_order():
    random = np.random.default_rng(0)
    photos = [random.integers(0, 256, (24 + n, 32, 3), np.uint8) for n in range(4)]
    pairs = ValidationPairs(ArraySource(photos), degradation=GaussianNoise(25))
    validator = Validator(HINet(width=2, depth=2), pairs)
    predict, threads = validator._predict, []

    def recorded(images):
        threads.append(threading.get_ident())
        return predict(images)

    validator._predict = recorded
    scores = validator.score()
    # TensorFlow's graph does not survive two threads (`TensorFlowEngine`).
    assert threads == [threading.get_ident()] * 4
    for score, pair in zip(scores, pairs, strict=True):
        assert score.name == pair.name
        assert score.degraded_psnr == file_psnr(pair.degraded, pair.clean)
        assert score.psnr == file_psnr(validator.restore(pair.degraded), pair.clean)


def test_of_an_image_too_large_for_memory_the_middle_is_scored(monkeypatch):
    photo = np.random.default_rng(0).integers(0, 256, (48, 96, 3), np.uint8)
    pairs = ValidationPairs(ArraySource([photo]), degradation=GaussianNoise(25))
    validator = Validator(HINet(width=2, depth=2), pairs)
    _, (degraded, restored, clean) = validator.restored(0)
    assert clean.shape == (48, 96, 3)
    # A quarter of its pixels, at 180 bytes each.
    monkeypatch.setattr(validator_module, "_LARGEST_BYTES", 48 * 96 * 180 / 4)
    score, (part, restored, middle) = validator.restored(0)
    np.testing.assert_array_equal(middle, clean[12:36, 24:72])
    np.testing.assert_array_equal(part, degraded[12:36, 24:72])
    assert restored.shape == middle.shape
    assert score.psnr == pytest.approx(file_psnr(validator.restore(part), middle))
