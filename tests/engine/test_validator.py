import threading

import numpy as np

from hinet_tf import HINet
from hinet_tf.data import ArraySource, GaussianNoise, ValidationPairs
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
