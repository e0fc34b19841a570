"""Pixels between files and networks."""

import numpy as np
import pytest

from hinet_tf.images.pixel_format import to_uint8


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_are_clipped_and_rounded_half_to_even(dtype):
    image = np.array([[-3, 0, 1, 7]], dtype)
    np.testing.assert_array_equal(to_uint8(image), [[0, 0, 255, 255]])
    levels = np.arange(256)
    np.testing.assert_array_equal(to_uint8((levels / 255).astype(dtype)), levels)
    assert to_uint8(image).dtype == np.uint8
    halves = np.array([0.5, 1.5, 2.5]) / 255
    np.testing.assert_array_equal(to_uint8(halves), np.rint(halves * 255))


def test_white_of_16_bits_is_white_of_8():
    deep = np.array([0, 128, 129, 257, 65406, 65407, 65535], np.uint16)
    np.testing.assert_array_equal(to_uint8(deep), [0, 0, 1, 1, 254, 255, 255])


def test_8_bits_stay_as_they_are():
    image = np.arange(256, dtype=np.uint8)
    assert to_uint8(image) is image
