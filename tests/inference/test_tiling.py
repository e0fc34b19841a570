"""Tiles cover the image, fades sum to one, budgets are kept."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinet_tf.inference.tiling import STRIP_BYTES, blend_weights, choose_tile, tile_starts


@given(size=st.integers(1, 3000), tile=st.integers(4, 40), share=st.integers(0, 3))
def test_weights_sum_to_one_everywhere(size, tile, share):
    overlap, tile = 16 * tile // 3 * share // 3, min(16 * tile, size)
    starts = tile_starts(size, tile, min(overlap, tile - 1))
    weights = blend_weights(starts, tile, overlap)
    total = np.zeros(starts[-1] + tile)
    for start, weight in zip(starts, weights, strict=True):
        total[start : start + tile] += weight
    np.testing.assert_allclose(total, 1, atol=1e-6)
    assert size <= len(total) < size + 16
    assert all(start % 16 == 0 for start in starts)
    assert all(right - left <= tile - overlap for left, right in pairwise(starts))


def test_no_more_tiles_than_needed():
    assert tile_starts(256, 256, 32) == [0]
    assert tile_starts(480, 256, 32) == [0, 224]
    assert len(tile_starts(481, 256, 32)) == 3


def test_edges_of_tiles_inside_the_image_have_no_weight():
    weights = blend_weights([0, 100], 200, 32)
    assert weights[1, :34].max() == 0 and weights[0, -34:].max() == 0
    assert weights[0, 0] == 1 and weights[1, -1] == 1


@pytest.mark.parametrize("shape", [(720, 1280), (3000, 4000), (10000, 10000), (64, 50000)])
@pytest.mark.parametrize("memory", [2**28, 2**30, 2**38])
def test_chosen_tiles_fit_the_budget(shape, memory):
    height, width = choose_tile(*shape, memory, 740, overlap=32)
    cost = height * width * 740 + min(height, shape[0]) * shape[1] * STRIP_BYTES
    assert cost <= memory or (height, width) == (96, 96)
    if memory == 2**38:
        assert (height, width) == shape
    elif (height, width) != shape:
        # The next larger tile would not fit.
        larger = height + 16
        assert larger**2 * 740 + larger * shape[1] * STRIP_BYTES > memory
