import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from hinet_tf.layers import HalfInstanceNormalization


def test_reproduces_tensorflow_addons_on_the_first_half(golden):
    reference = golden("tfa_instance_normalization.npz")
    x = np.concatenate([reference["x"], reference["x"]], axis=-1)
    layer = HalfInstanceNormalization(epsilon=1e-5)
    layer.build(x.shape)
    layer.gamma.assign(reference["gamma"])
    layer.beta.assign(reference["beta"])

    y = ops.convert_to_numpy(layer(x))

    np.testing.assert_allclose(y[..., :6], reference["y"], atol=1e-5)
    np.testing.assert_array_equal(y[..., 6:], reference["x"])


@settings(max_examples=25, deadline=None)
@given(
    half=st.integers(1, 5),
    height=st.integers(2, 17),
    width=st.integers(2, 17),
    mean=st.floats(-20, 20),
    deviation=st.floats(0.05, 50),
    seed=st.integers(0, 2**31),
)
def test_agrees_with_keras_group_normalization(half, height, width, mean, deviation, seed):
    random = np.random.default_rng(seed)
    x = random.normal(mean, deviation, (2, height, width, 2 * half)).astype("float32")
    oracle = keras.layers.GroupNormalization(groups=-1, epsilon=1e-5)
    layer = HalfInstanceNormalization()
    layer.build(x.shape)
    oracle.build((*x.shape[:-1], half))
    for ours, theirs in ((layer.gamma, oracle.gamma), (layer.beta, oracle.beta)):
        ours.assign(random.normal(size=half))
        theirs.assign(ours)

    expected = ops.convert_to_numpy(oracle(x[..., :half]))

    y = ops.convert_to_numpy(layer(x))
    # Both round relative to the distance of the values from zero.
    tolerance = 2e-5 * (1 + abs(mean) / deviation)
    np.testing.assert_allclose(y[..., :half], expected, atol=tolerance, rtol=1e-4)
    np.testing.assert_allclose(y[..., half:], x[..., half:], rtol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_statistics_are_float32_under_mixed_precision(policy):
    # 300 away from the mean, a float16 square overflows; bfloat16 loses the variance.
    x = np.random.default_rng(0).normal(0, 3000, (1, 32, 32, 4)).astype("float32")
    layer = HalfInstanceNormalization(dtype=policy)
    y = layer(x)
    assert keras.backend.standardize_dtype(y.dtype) == policy.removeprefix("mixed_")
    y = ops.convert_to_numpy(ops.cast(y, "float32"))[..., :2]
    np.testing.assert_allclose(y.mean((1, 2)), 0, atol=5e-3)
    np.testing.assert_allclose(y.std((1, 2)), 1, atol=5e-3)
    assert layer.gamma.dtype == "float32"


def test_each_image_has_its_own_statistics():
    x = np.random.default_rng(0).normal(size=(3, 8, 8, 4)).astype("float32")
    layer = HalfInstanceNormalization()
    together = ops.convert_to_numpy(layer(x))
    alone = ops.convert_to_numpy(layer(x[1:2]))
    np.testing.assert_allclose(together[1:2], alone, atol=1e-6)
    np.testing.assert_allclose(
        ops.convert_to_numpy(layer(x * 7 + 3))[..., :2], together[..., :2], atol=2e-5
    )


def test_gradients_agree_with_group_normalization():
    import tensorflow as tf

    x = tf.constant(np.random.default_rng(0).normal(2, 3, (2, 6, 5, 6)).astype("float32"))
    weight = tf.constant(np.random.default_rng(1).normal(size=(2, 6, 5, 6)).astype("float32"))
    layer = HalfInstanceNormalization()
    oracle = keras.layers.GroupNormalization(groups=-1, epsilon=1e-5)
    layer.build(x.shape)
    oracle.build((2, 6, 5, 3))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        ours = tf.reduce_sum(layer(x) * weight)
        theirs = tf.reduce_sum(tf.concat([oracle(x[..., :3]), x[..., 3:]], -1) * weight)
    for a, b in (
        (tape.gradient(ours, x), tape.gradient(theirs, x)),
        (tape.gradient(ours, layer.gamma.value), tape.gradient(theirs, oracle.gamma.value)),
        (tape.gradient(ours, layer.beta.value), tape.gradient(theirs, oracle.beta.value)),
    ):
        np.testing.assert_allclose(a, b, atol=2e-5)


def test_works_in_a_model_of_any_size_and_survives_saving(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            keras.layers.Conv2D(4, 3),
            HalfInstanceNormalization(epsilon=1e-3),
        ]
    )
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(2, 12, 10, 3)).astype("float32")
    model.fit(x, np.zeros((2, 10, 8, 4)), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.layers[-1].epsilon == 1e-3
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.parametrize("shape", [(None, 8, 8, 3), (None, 8, 8, None), (None, 8, 4), (1, 8, 8, 0)])
def test_refuses_shapes_without_two_equal_halves(shape):
    with pytest.raises(ValueError, match=r"even number of channels.*Received: input_shape="):
        HalfInstanceNormalization().build(shape)


@pytest.mark.parametrize("epsilon", [0, -1e-5])
def test_refuses_an_epsilon_that_is_not_positive(epsilon):
    with pytest.raises(ValueError, match=f"must be positive. Received: epsilon={epsilon}"):
        HalfInstanceNormalization(epsilon=epsilon)
