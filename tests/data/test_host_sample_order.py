"""The order of samples without TensorFlow is the pipeline's."""

import numpy as np
import pytest
import tensorflow as tf

from hinet_tf.data.on_device.index_shuffle import index_shuffle
from hinet_tf.data.on_device.sample_order import HostSampleOrder
from hinet_tf.data.sample_order import SampleOrder


@pytest.mark.parametrize("maximum", [0, 1, 2, 6, 199, 4096, 65_535, 65_536, 70_000, 5_000_000])
def test_index_shuffle_is_that_of_tensorflow(maximum):
    random = np.random.default_rng(maximum)
    for _ in range(3):
        seed = random.integers(0, 2**32, 2, np.uint64).astype(np.uint32)
        index = np.unique(random.integers(0, maximum + 1, 300))
        expected = tf.random.experimental.index_shuffle(
            tf.constant(index, tf.int64), tf.constant(seed), tf.constant(maximum, tf.int64)
        )
        np.testing.assert_array_equal(index_shuffle(index, seed, maximum), expected)


@pytest.mark.parametrize("begin", [0, 123_456_789_000])
@pytest.mark.parametrize(
    ("lengths", "weights"), [([7], None), ([5, 30], [1, 3]), ([196, 25, 3], [6, 3, 1])]
)
def test_order_is_that_of_the_pipeline(lengths, weights, begin):
    numbers = tf.data.Dataset.range(begin, begin + 500)
    order = tf.autograph.experimental.do_not_convert(SampleOrder(lengths, weights, 10))
    expected = [tuple(map(int, s)) for s in numbers.map(order)]
    sources, indices = HostSampleOrder(lengths, weights, 10)(np.arange(begin, begin + 500))
    assert list(zip(sources.tolist(), indices.tolist(), strict=True)) == expected


def test_arrays_of_any_shape():
    index = np.arange(12).reshape(3, 4)
    seeds = np.arange(24).reshape(3, 4, 2)
    for maximum in (11, 70_000):
        shuffled = index_shuffle(index, seeds, maximum)
        for place in np.ndindex(3, 4):
            assert shuffled[place] == index_shuffle(index[place], seeds[place], maximum)
        assert index_shuffle(index[:0], seeds[:0], maximum).shape == (0, 4)
