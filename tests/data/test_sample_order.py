"""Which image comes when."""

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from hinet_tf.data.sample_order import SampleOrder


def drawn(order, begin, end):
    dataset = tf.data.Dataset.range(begin, end).map(tf.autograph.experimental.do_not_convert(order))
    return [(int(source), int(index)) for source, index in dataset]


def test_every_image_once_before_any_twice_in_a_new_order():
    order = SampleOrder([7], seed=3)
    rounds = [[index for _, index in drawn(order, 7 * k, 7 * k + 7)] for k in range(20)]
    assert all(sorted(images) == list(range(7)) for images in rounds)
    assert len({tuple(images) for images in rounds}) > 15


def test_shares_are_exact_over_a_block_and_sources_go_round_too():
    order = SampleOrder([5, 30], weights=[1, 3], seed=3)
    samples = drawn(order, 0, 2000)
    assert Counter(source for source, _ in samples[:1000]) == {0: 250, 1: 750}
    assert set(Counter(samples).values()) == {100, 50}


def test_every_image_alike_by_default():
    samples = drawn(SampleOrder([10, 40], seed=1), 0, 1000)
    assert set(Counter(samples).values()) == {20}


def test_a_source_much_smaller_than_the_others_still_comes():
    samples = drawn(SampleOrder([1, 100_000], seed=1), 0, 1000)
    assert Counter(source for source, _ in samples)[0] == 1


def test_the_mix_has_no_rhythm():
    samples = drawn(SampleOrder([50, 50], seed=4), 0, 4000)
    sources = np.array([source for source, _ in samples]) - 0.5
    assert abs(np.mean(sources[1:] * sources[:-1])) < 4 * 0.25 / np.sqrt(4000)


def test_seeds_give_different_orders():
    assert drawn(SampleOrder([50], seed=1), 0, 50) != drawn(SampleOrder([50], seed=2), 0, 50)


@pytest.mark.parametrize("weights", [[1], [1, 0], [1, -1], [1, 1, 1]])
def test_weights_that_do_not_fit(weights):
    with pytest.raises(ValueError, match="one positive weight for each source"):
        SampleOrder([5, 5], weights=weights)


def test_a_weight_too_small_to_matter():
    with pytest.raises(ValueError, match="less than one sample in 1000"):
        SampleOrder([5, 5], weights=[1, 10_000])
