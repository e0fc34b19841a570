"""Arrays as other libraries hand them over: any shape, type and byte order, answered in kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from hinet_tf import HINet, Restorer

TYPES = ("u1", "<u2", ">u2", "<f2", "<f4", ">f4", "<f8", ">f8")
OTHER_TYPES = ("i1", "<i4", "<u4", "<u8", "<c8", "?", "U3", "O", "<M8[s]")
side = st.integers(1, 40)
shapes = st.one_of(st.tuples(side, side), st.tuples(side, side, st.integers(1, 4)))
quickly = settings(max_examples=30, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def restorer():
    return Restorer(HINet(width=2, depth=2, hin_levels=(0,)))


@quickly
@given(kind=st.sampled_from(TYPES), shape=shapes, seed=st.integers(0, 99), view=st.booleans())
def test_any_image_is_answered_in_kind_and_independent_of_byte_order(
    restorer, kind, shape, seed, view
):
    values = np.random.default_rng(seed).random(shape)
    dtype = np.dtype(kind)
    image = values.astype(dtype) if dtype.kind == "f" else (values * 255).astype(dtype)
    image = image[::-1, ::-1] if view else image
    restored = restorer.restore(image)
    assert restored.shape == image.shape and restored.dtype == image.dtype
    native = np.ascontiguousarray(image).astype(dtype.newbyteorder("="))
    np.testing.assert_array_equal(restored, restorer.restore(native))


@quickly
@given(
    image=st.one_of(
        arrays.arrays(st.sampled_from(TYPES), arrays.array_shapes(max_dims=5, max_side=6)),
        arrays.arrays(
            st.sampled_from(("u1", "<f4")), st.sampled_from([(0, 4, 3), (4, 0), (3, 3, 9)])
        ),
        st.sampled_from(OTHER_TYPES).map(lambda kind: np.zeros((8, 8, 3), kind)),
    )
)
def test_whatever_it_is_there_is_an_image_or_a_reason(restorer, image):
    try:
        restored = restorer.restore(image)
    except ValueError as error:
        assert "Received" in str(error) or "Expected" in str(error), error
    else:
        assert restored.shape == image.shape and restored.dtype == image.dtype
