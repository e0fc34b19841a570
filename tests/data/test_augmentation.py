"""The eight flips and rotations and the laws they are drawn by."""

import numpy as np
import pytest
import tensorflow as tf

from hinet_tf.data import random_numbers
from hinet_tf.data.augmentation import dihedral, draw_mode

DRAWS = 10_000
LAWS = {
    "dihedral": np.full(8, 1 / 8),
    "sidd": np.array([1 / 2] + [1 / 14] * 7),
    "none": np.array([1.0] + [0.0] * 7),
}


@pytest.mark.parametrize("law", LAWS)
def test_law_within_three_sigma(law):
    draw = tf.function(lambda i: draw_mode(random_numbers.fold_in(11, i), law), autograph=False)
    modes = [int(draw(tf.constant(i))) for i in range(DRAWS)]
    counts = np.bincount(modes, minlength=8)
    expected = LAWS[law] * DRAWS
    sigma = np.sqrt(expected * (1 - LAWS[law]))
    assert np.all(np.abs(counts - expected) <= 3 * sigma), counts


def test_modes_are_the_official_ones():
    """`data_augmentation` of the official SIDD code, mode by mode."""
    image = np.arange(2 * 4 * 4).reshape(4, 4, 2)
    official = [
        image,
        np.flipud(image),
        np.rot90(image),
        np.flipud(np.rot90(image)),
        np.rot90(image, k=2),
        np.flipud(np.rot90(image, k=2)),
        np.rot90(image, k=3),
        np.flipud(np.rot90(image, k=3)),
    ]
    for mode, expected in enumerate(official):
        both = dihedral(tf.constant(np.stack([image, -image])), tf.constant(mode))
        np.testing.assert_array_equal(both, [expected, -expected])


def test_unknown_law():
    with pytest.raises(ValueError, match="'flip'; expected one of dihedral, sidd, none"):
        draw_mode(1, "flip")
