"""Channels of like size: the same function, whatever sizes its weights gave them."""

import keras
import numpy as np
import pytest

from hinet_tf import HINet, to_local
from hinet_tf.models.equalization import equalize_channels

NORMALIZED, PLAIN, LAST = 0, 5, 7


@pytest.fixture
def model():
    keras.utils.set_random_seed(5)
    model = HINet(width=8, depth=2, hin_levels=(0,))
    for weight in model.weights:
        if "/norm/" in weight.path:
            weight.assign(np.random.default_rng(2).uniform(0.5, 2, weight.shape))
    return model


@pytest.fixture
def images():
    return np.random.default_rng(1).random((2, 24, 32, 3), "float32")


def blocks(model):
    return [
        *(model.get_layer(f"stage{s}_encoder{i}") for s in (1, 2) for i in (0, 1)),
        *(model.get_layer(f"stage{s}_decoder0").block for s in (1, 2)),
    ]


def spoil(model, channel, factor):
    """Makes a channel between the convolutions of each block larger, and its weights smaller."""
    for block in blocks(model):
        if block.normalization is not None and channel < block.normalization.gamma.shape[0]:
            made_by = [block.normalization.gamma, block.normalization.beta]
        else:
            made_by = [block.conv_1.kernel, block.conv_1.bias]
        for weight, change in [*((w, factor) for w in made_by), (block.conv_2.kernel, 1 / factor)]:
            values = keras.ops.convert_to_numpy(weight).copy()
            if weight is block.conv_2.kernel:
                values[:, :, channel] *= change
            else:
                values[..., channel] *= change
            weight.assign(values)


def weights(model):
    return {weight.path: keras.ops.convert_to_numpy(weight) for weight in model.weights}


@pytest.mark.parametrize("local", [False, True])
def test_it_restores_the_same_bits(model, images, local):
    spoil(model, NORMALIZED, 16)
    spoil(model, PLAIN, 1 / 8)
    if local:
        model = to_local(model, train_size=16)
    before, restored = weights(model), model(images)["restored"].numpy()
    equalize_channels(model, images)
    np.testing.assert_array_equal(model(images)["restored"].numpy(), restored)
    changed = {name for name, value in weights(model).items() if (value != before[name]).any()}
    assert {"stage1_encoder0/norm/gamma", "stage2_encoder1/conv_1/kernel"} <= changed
    assert all(name.split("/")[-2] in ("conv_1", "conv_2", "norm") for name in changed)


def test_sizes_that_weights_chose_are_gone(model, images):
    spoilt = model.rebuilt()
    spoil(spoilt, NORMALIZED, 8)
    spoil(spoilt, PLAIN, 1 / 8)
    # Each block keeps the mean of its exponents, as the two changes do.
    for either in (model, spoilt):
        equalize_channels(either, images)
    expected = weights(model)
    for name, value in weights(spoilt).items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


def test_a_channel_becomes_as_large_as_its_weights(model, images):
    spoil(model, LAST, 8)
    equalize_channels(model, images)
    block = model.get_layer("stage1_encoder0")
    features = keras.Model(model.input, block.input)(images)
    peaks = np.abs(block.activation(features)).max(axis=(1, 2)).mean(axis=0)
    largest = np.abs(block.conv_2.kernel.numpy()).max(axis=(0, 1, 3))
    ratio = np.log2(peaks / largest)
    # Half a rounded exponent to either side, of the root.
    assert np.abs(ratio - ratio.mean()).max() <= 2


def test_a_channel_that_is_silent_or_unread_stays(model, images):
    block = model.get_layer("stage1_encoder0")
    kernel = block.conv_2.kernel.numpy()
    kernel[:, :, PLAIN] = 0
    block.conv_2.kernel.assign(kernel)
    for weight in (block.conv_1.kernel, block.conv_1.bias):
        values = weight.numpy()
        values[..., LAST] = 0
        weight.assign(values)
    before = block.conv_1.kernel.numpy()
    restored = model(images)["restored"].numpy()
    equalize_channels(model, images)
    after = block.conv_1.kernel.numpy()
    np.testing.assert_array_equal(after[..., [PLAIN, LAST]], before[..., [PLAIN, LAST]])
    np.testing.assert_array_equal(model(images)["restored"].numpy(), restored)


def test_images_too_small_say_nothing(model):
    before = weights(model)
    equalize_channels(model, [np.ones((1, 40, 3), "float32")])
    for name, value in weights(model).items():
        np.testing.assert_array_equal(value, before[name])


def test_a_factor_has_its_limit(model, images):
    spoil(model, PLAIN, 2.0**-40)
    before = model.get_layer("stage1_encoder0").conv_1.kernel.numpy()[..., PLAIN]
    equalize_channels(model, images)
    after = model.get_layer("stage1_encoder0").conv_1.kernel.numpy()[..., PLAIN]
    np.testing.assert_array_equal(after, before * 16)
