import numpy as np
import pytest

import hinet_tf


@pytest.fixture(scope="module")
def model():
    """One halving, one level without normalization, no weight at its initial value."""
    model = hinet_tf.HINet(width=4, depth=2, hin_levels=(1,), negative_slope=0.1)
    random = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(weight.numpy() + random.normal(0, 0.05, weight.shape))
    return model


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).random((2, 32, 48, 3), np.float32)
