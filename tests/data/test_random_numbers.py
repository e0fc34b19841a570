"""The random numbers: their laws, their independence, and that they never change."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from hinet_tf.data import random_numbers


def test_uniform_law():
    numbers = random_numbers.uniform(3, (200_000,)).numpy()
    assert numbers.min() >= 0 and numbers.max() < 1
    assert stats.kstest(numbers, "uniform").pvalue > 0.01


def test_normal_law():
    numbers = random_numbers.normal(3, (200_001,)).numpy()
    assert stats.kstest(numbers, "norm").pvalue > 0.01


def test_consecutive_numbers_are_independent():
    numbers = random_numbers.normal(5, (100_000,)).numpy()
    for lag in (1, 2, 3, 256, 768, 50_000):
        correlation = np.corrcoef(numbers[:-lag], numbers[lag:])[0, 1]
        assert abs(correlation) < 4 / np.sqrt(len(numbers) - lag)


@pytest.mark.parametrize(("first", "second"), [(0, 1), (7, 8), (1, 2**32 + 1), (5, -5)])
def test_neighbouring_seeds_are_independent(first, second):
    pair = [random_numbers.normal(seed, (100_000,)).numpy() for seed in (first, second)]
    assert abs(np.corrcoef(pair)[0, 1]) < 4 / np.sqrt(100_000)
    # A stream that is another one shifted by one element would pass the test above.
    assert abs(np.corrcoef(pair[0][1:], pair[1][:-1])[0, 1]) < 4 / np.sqrt(100_000)


def test_one_number_from_each_of_many_folded_seeds_is_uniform():
    draw = tf.function(lambda i: random_numbers.uniform(random_numbers.fold_in(9, i)))
    numbers = [draw(tf.constant(i)).numpy() for i in range(5000)]
    assert stats.kstest(numbers, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 4 / np.sqrt(5000)


def test_hash_against_a_direct_implementation_of_pcg3d():
    def pcg3d(x, y, z):
        mask = 2**32 - 1
        x, y, z = ((v * 1664525 + 1013904223) & mask for v in (x, y, z))
        for last in (False, True):
            x = (x + y * z) & mask
            y = (y + z * x) & mask
            z = (z + x * y) & mask
            if not last:
                x, y, z = (v ^ (v >> 16) for v in (x, y, z))
        return x

    seed = 123456789012345
    expected = [(pcg3d(i, seed % 2**32, seed >> 32) >> 8) / 2**24 for i in range(5)]
    np.testing.assert_array_equal(random_numbers.uniform(seed, (5,)).numpy(), expected)


def test_integer_law_and_bounds():
    draw = tf.function(lambda i: random_numbers.integer(random_numbers.fold_in(2, i), 3, 8))
    drawn = np.array([draw(tf.constant(i)).numpy() for i in range(5000)])
    assert set(drawn) == {3, 4, 5, 6, 7}
    assert stats.chisquare(np.bincount(drawn)[3:]).pvalue > 0.01


def test_seed_as_tensor_equals_seed_as_integer():
    seed = 2**40 + 17
    words = tf.constant([17, 2**8], tf.uint32)
    np.testing.assert_array_equal(
        random_numbers.normal(seed, (9,)).numpy(), random_numbers.normal(words, (9,)).numpy()
    )
