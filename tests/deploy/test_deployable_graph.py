import keras
import numpy as np
import pytest

from hinet_tf import HINet, to_local
from hinet_tf.deploy.graph.rewrite import deployable_graph


def _scrambled(**kwargs):
    """A model whose every weight matters: gammas, betas and biases off their initial values."""
    model = HINet(**kwargs)
    random = np.random.default_rng(0)
    model.set_weights([w + random.normal(scale=0.05, size=w.shape) for w in model.get_weights()])
    return model


def _image(channels=3):
    return np.random.default_rng(1).random((2, 48, 80, channels), np.float32)


@pytest.mark.parametrize("output", ["restored", "stage1"])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"hin_levels": (3, 4)},
        {"depth": 3, "channels": 1, "negative_slope": 0.1},
    ],
    ids=["all levels", "deep levels", "gray"],
)
def test_equals_the_trained_model(arguments, output):
    model = _scrambled(width=4, **arguments)
    image = _image(arguments.get("channels", 3))
    expected = model(image)[output]
    restored = deployable_graph(model, output)(image)
    scale = float(np.abs(expected).max())
    np.testing.assert_allclose(restored, expected, rtol=0, atol=1e-5 * scale)


def test_computes_in_float32_whatever_the_model_was_trained_in():
    model = _scrambled(width=4)
    low = HINet(width=4, dtype="mixed_bfloat16")
    low.set_weights(model.get_weights())
    graph = deployable_graph(low)
    assert {layer.compute_dtype for layer in graph._flatten_layers()} == {"float32"}
    np.testing.assert_allclose(graph(_image()), model(_image())["restored"], rtol=0, atol=1e-4)


def test_leaves_the_trained_model_alone():
    model = _scrambled(width=4)
    before = [weight.copy() for weight in model.get_weights()]
    graph = deployable_graph(model)
    for weight in graph.weights:
        weight.assign(weight * 0)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_stage1_leaves_the_second_network_out():
    model = _scrambled(width=4)
    names = {layer.name for layer in deployable_graph(model, "stage1").layers}
    assert not any(name.startswith(("stage2", "fusion")) for name in names)


def test_no_transposed_convolution_is_left():
    graph = deployable_graph(_scrambled(width=4))
    kinds = {type(layer).__name__ for layer in graph._flatten_layers()}
    assert "SubpixelConvolution" in kinds
    assert not kinds & {"TransposedConvolution", "HalfInstanceNormalization", "Concatenate"}


def test_local_statistics_stay_local_where_an_image_exceeds_the_window():
    model = to_local(_scrambled(width=4), train_size=32)
    image = np.random.default_rng(1).random((1, 96, 96, 3), np.float32)
    expected = model(image)["restored"]
    np.testing.assert_allclose(deployable_graph(model)(image), expected, atol=1e-5)
    only_small = deployable_graph(model, largest_side=48)
    np.testing.assert_allclose(
        only_small(image[:, :48, :48]), model(image[:, :48, :48])["restored"], atol=1e-5
    )
    assert np.abs(only_small(image) - expected).max() > 1e-3


def test_refuses_what_is_no_hinet():
    with pytest.raises(ValueError, match=r"Only a hinet_tf\.HINet.*Received: Sequential"):
        deployable_graph(keras.Sequential([keras.layers.Input((16, 16, 3))]))


def test_refuses_an_unknown_output():
    with pytest.raises(ValueError, match="`output` must be one of"):
        deployable_graph(HINet(width=4), "stage3")
