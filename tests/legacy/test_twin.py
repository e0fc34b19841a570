"""The Keras 2 twin restores, trains, saves and converts as the Keras 3 model."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras

import hinet_tf
from hinet_tf.legacy import PSNRLoss, from_tf_keras, to_tf_keras


def largest_difference(first, second):
    return max(np.abs(first[k] - second[k]).max() for k in ("stage1", "restored"))


def test_twin_has_the_same_layers_and_images(model, images):
    twin = to_tf_keras(model)
    assert isinstance(twin, tf_keras.Model) and not isinstance(twin, keras.Model)
    assert [layer.name for layer in twin.layers] == [layer.name for layer in model.layers]
    assert {w.name: tuple(w.shape) for w in twin.weights} == {
        f"{w.path}:0": w.shape for w in model.weights
    }
    assert largest_difference(twin(images), model(images)) <= 1e-6


def test_gray_and_every_level_normalized():
    model = hinet_tf.HINet(width=2, depth=2, channels=1)
    image = np.linspace(0, 1, 64, dtype=np.float32).reshape(1, 8, 8, 1)
    twin = to_tf_keras(model)
    assert largest_difference(twin(image), model(image)) <= 1e-6
    assert from_tf_keras(twin).get_config() == model.get_config()


@pytest.mark.parametrize("name", ["twin.h5", "twin.keras", "saved_model"])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5")
def test_saved_twin_comes_back_as_the_same_model(model, images, tmp_path, name):
    to_tf_keras(model).save(tmp_path / name)
    loaded = tf_keras.models.load_model(tmp_path / name)
    assert largest_difference(loaded(images), model(images)) <= 1e-6
    back = from_tf_keras(loaded)
    assert back.get_config() == model.get_config()
    for weight, original in zip(back.weights, model.weights, strict=True):
        np.testing.assert_array_equal(weight, original)


# A SavedModel of Keras 2 comes back without the optimizer's values, of any network.
@pytest.mark.parametrize("name", ["twin.h5", pytest.param("twin.keras", marks=pytest.mark.slow)])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5")
def test_training_goes_on_where_it_was_saved(model, images, tmp_path, name):
    """The optimizer's values are saved by the names of the weights: no two may be alike."""
    twin, target = to_tf_keras(model), images[:, ::-1]
    twin.compile(tf_keras.optimizers.Adam(1e-3), loss=PSNRLoss())
    twin.fit(images, target, epochs=2, verbose=0)
    twin.save(tmp_path / name)
    loaded = tf_keras.models.load_model(tmp_path / name)
    losses = [m.fit(images, target, epochs=2, verbose=0).history["loss"] for m in (twin, loaded)]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)


def test_fit_with_one_target_takes_the_same_steps(model, images):
    """Both stages count: the weights of the first change as in Keras 3, and so does the loss."""
    target = images[:, ::-1]
    trained, twin = model.rebuilt(), to_tf_keras(model)
    trained.compile(keras.optimizers.SGD(1e-3), loss=hinet_tf.losses.PSNRLoss())
    twin.compile(tf_keras.optimizers.SGD(1e-3), loss=PSNRLoss())
    ours = trained.fit(images, target, epochs=3, verbose=0).history["loss"]
    theirs = twin.fit(images, target, epochs=3, verbose=0).history["loss"]
    np.testing.assert_allclose(theirs, ours, rtol=1e-5)
    for weight, expected in zip(from_tf_keras(twin).weights, trained.weights, strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-6)


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
def test_plain_converter_makes_a_tflite_file(model, images):
    twin = to_tf_keras(model, size=(32, 48))
    content = tf.lite.TFLiteConverter.from_keras_model(twin).convert()
    restored = tf.lite.Interpreter(model_content=content).get_signature_runner()(image=images[:1])
    expected = model(images[:1])
    assert np.abs(restored["restored"] - expected["restored"]).max() <= 2e-6
    # TFLite names an output by the layer that makes it.
    assert np.abs(restored["attention"] - expected["stage1"]).max() <= 2e-6


def test_frozen_layers_stay_frozen(model):
    frozen = model.rebuilt()
    frozen.get_layer("stage1_encoder0").conv_1.trainable = False
    twin = to_tf_keras(frozen)
    assert not twin.get_layer("stage1_encoder0").get_layer("stage1_encoder0/conv_1").trainable
    assert len(twin.trainable_weights) == len(frozen.trainable_weights)
    assert len(from_tf_keras(twin).trainable_weights) == len(frozen.trainable_weights)


def test_loss_is_that_of_keras_3(images):
    for max_value in (1.0, 2.0):
        expected = hinet_tf.losses.PSNRLoss(max_value)(images, images[::-1])
        loss = PSNRLoss.from_config(PSNRLoss(max_value).get_config())
        assert float(loss(images, images[::-1])) == pytest.approx(float(expected), abs=1e-5)
    assert float(loss(images, images)) == pytest.approx(-80, abs=1e-3)
