"""Tiles cover the image, fades sum to one, budgets are kept."""

import itertools
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinet_tf import HINet, Restorer
from hinet_tf.inference.tiling import (
    STRIP_BYTES,
    blend_weights,
    choose_tile,
    tile_starts,
    usable_overlap,
)


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
        # A square tile that needs fewer of its kind along either axis would not fit.
        for size, side in zip(shape, (height, width), strict=True):
            count = len(tile_starts(size, side, 32))
            larger = side
            while count > 1 and len(tile_starts(size, larger, 32)) == count:
                larger += 16
            assert count == 1 or larger**2 * 740 + larger * shape[1] * STRIP_BYTES > memory


def test_an_image_just_too_large_is_not_computed_twice():
    height, width = choose_tile(1504, 1995, 2**30, 512, overlap=32)
    tops, lefts = tile_starts(1504, height, 32), tile_starts(1995, width, 32)
    assert (len(tops), len(lefts)) == (2, 2)
    assert len(tops) * height * len(lefts) * width < 1.06 * 1504 * 1995
    # One row of pixels less in either direction would take a tile more.
    assert len(tile_starts(1504, height - 16, 32)) == 3 == len(tile_starts(1995, width - 16, 32))


@pytest.mark.parametrize("multiple", [2, 16, 32, 64, 128])
def test_tiles_fit_every_network(multiple):
    for side, overlap, memory in itertools.product((40, 300, 1111), (0, 5, 32), (1, 2**22, 2**26)):
        tile = min(choose_tile(side, 5000, memory, 740, overlap, multiple)[0], side)
        assert (tile % multiple == 0 and tile % 16 == 0) or tile == side
        starts = tile_starts(side, tile, usable_overlap(tile, overlap, multiple), multiple)
        assert all(b - a <= tile - overlap for a, b in pairwise(starts))
        assert starts[-1] + tile >= side


def test_the_smallest_tiles_share_nothing_and_leave_no_gap():
    model = HINet(width=4, depth=5)
    image = np.random.default_rng(0).uniform(size=(40, 50, 3)).astype("float32")
    restored = Restorer(model, tile=16, overlap=5, precision="float32").restore(image)
    whole = Restorer(model, precision="float32")
    for place in ((slice(0, 16), slice(16, 32)), (slice(16, 32), slice(32, 48))):
        np.testing.assert_allclose(restored[place], whole.restore(image[place]), atol=1e-6)
    deep = HINet(width=4, depth=6)
    with pytest.raises(ValueError, match="multiple of 32"):
        Restorer(deep, tile=48, overlap=16)
    assert Restorer(deep, tile=32, overlap=10).restore(image).shape == image.shape
