import numpy as np
import pytest
from keras import ops

from hinet_tf.deploy.graph.centered_half_instance_normalization import (
    SCALE,
    CenteredHalfInstanceNormalization,
)
from hinet_tf.deploy.graph.subpixel_convolution import SubpixelConvolution
from hinet_tf.layers import Convolution, HalfInstanceNormalization, TransposedConvolution


def test_subpixel_convolution_equals_the_transposed_one():
    image = np.random.default_rng(0).normal(size=(2, 5, 7, 6)).astype("float32")
    trained = TransposedConvolution(4)
    expected = trained(image)
    layer = SubpixelConvolution(4)
    layer.build(image.shape)
    layer.assign(trained)
    np.testing.assert_allclose(layer(image), expected, atol=1e-6)


@pytest.mark.parametrize("size", [(6, 8), (2, 2)])
def test_subpixel_convolution_equals_the_plain_one(size):
    image = np.random.default_rng(0).normal(size=(2, *size, 5)).astype("float32")
    trained = Convolution(3)
    expected = trained(image)
    layer = SubpixelConvolution(3, kernel_size=4, strides=2)
    assert layer.compute_output_shape(image.shape) == expected.shape
    layer.build(image.shape)
    layer.assign(trained)
    np.testing.assert_allclose(layer(image), expected, atol=1e-6)


def _pair(channels):
    trained = HalfInstanceNormalization()
    trained.build((None, None, None, channels))
    trained.set_weights([np.linspace(-2, 2, channels // 2), np.linspace(1, 3, channels // 2)])
    layer = CenteredHalfInstanceNormalization(trained.epsilon)
    layer.build((None, None, None, channels))
    layer.assign(trained)
    return trained, layer


@pytest.mark.parametrize("mean, deviation", [(0, 1), (5, 1), (0.5, 0.001), (0, 300), (0.3, 0)])
def test_centered_normalization_equals_the_trained_one(mean, deviation):
    image = np.random.default_rng(0).normal(mean, deviation, (2, 16, 16, 6)).astype("float32")
    trained, layer = _pair(6)
    np.testing.assert_allclose(layer(image / SCALE), trained(image), rtol=1e-4, atol=1e-4)


def test_centered_normalization_survives_float16_where_a_plain_square_overflows():
    image = np.random.default_rng(0).normal(0, 600, (1, 16, 16, 6)).astype("float32")
    with np.errstate(over="ignore"):
        assert not np.isfinite(np.square(image.astype("float16"))).all()
    trained, layer = _pair(6)
    half = CenteredHalfInstanceNormalization(trained.epsilon, dtype="float16")
    half.build(image.shape)
    half.set_weights(layer.get_weights())
    restored = ops.convert_to_numpy(half(image / SCALE)).astype("float32")
    expected = ops.convert_to_numpy(trained(image))
    assert np.abs(restored - expected)[..., :3].max() < 0.05
