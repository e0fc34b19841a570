"""The closed-form gradient of training equals the one derived from the inference path."""

import numpy as np
import pytest
import tensorflow as tf

from hinet_tf.layers import HalfInstanceNormalization


@pytest.mark.parametrize("mean", [0.0, 50.0])
def test_gradient_of_training_is_the_derived_one(mean):
    random = np.random.default_rng(0)
    x = tf.constant(random.normal(mean, 2.0, (2, 6, 5, 4)), "float32")
    weight = random.normal(size=x.shape).astype("float32")
    layer = HalfInstanceNormalization()
    layer.build(x.shape)
    layer.gamma.assign([1.5, -0.7])
    layer.beta.assign([0.2, 0.3])
    gradients = {}
    for training in (False, True):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x, training=training)
            loss = tf.reduce_sum(outputs * weight)
        gradients[training] = [outputs, *tape.gradient(loss, [x, *layer.trainable_variables])]
    for ours, derived in zip(gradients[True], gradients[False], strict=True):
        np.testing.assert_allclose(ours, derived, rtol=1e-5, atol=2e-5)
        assert np.abs(derived).max() > 0.1


def test_low_precision_gradient_has_the_dtype_of_the_input():
    layer = HalfInstanceNormalization(dtype="mixed_float16")
    x = tf.random.normal((1, 4, 4, 4), dtype="float16")
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(tf.cast(layer(x, training=True), "float32") ** 2)
    on_x, on_gamma, _ = tape.gradient(loss, [x, *layer.trainable_variables])
    assert on_x.dtype == "float16" and on_gamma.dtype == "float32"
