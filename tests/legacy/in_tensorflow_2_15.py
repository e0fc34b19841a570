"""Run by `test_tensorflow_2_15.py` with TensorFlow 2.15.1, Keras 2.15 and tensorflow-addons 0.23.

There is no Keras 3, and of this package `hinet_tf.legacy` alone. `ARTEFACTS` holds what the
project's own environment exported and computed.
"""

import os
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_addons as tfa

import hinet_tf.legacy

FOLDER = Path(os.environ["ARTEFACTS"])
RECIPES = ("float32", "float16", "int8_weights", "int8_dynamic", "int8", "int16x8")
INTEGERS = ("int8_dynamic", "int8", "int16x8")


@pytest.fixture(scope="module")
def stored():
    return np.load(FOLDER / "expected.npz")


@pytest.fixture(scope="module")
def figures():
    """Prints each largest difference beside what is allowed."""
    rows = ["", "| in TensorFlow 2.15.1 | largest difference | allowed |", "|---|---:|---:|"]
    yield lambda what, found, allowed: rows.append(f"| {what} | {found:.2g} | {allowed:g} |")
    print("\n".join(rows))


def same(figures, what, found, expected, allowed):
    difference = np.abs(np.asarray(found, np.float64) - np.asarray(expected, np.float64)).max()
    figures(what, difference, allowed)
    assert difference <= allowed, what


def test_this_is_the_world_of_2_15():
    assert (tf.__version__, keras.__version__, tfa.__version__) == ("2.15.1", "2.15.0", "0.23.0")
    assert hinet_tf.legacy.keras_2.keras_2 is tf.keras


@pytest.mark.parametrize("name", ["twin.h5", "twin.keras", "twin"])
def test_twins_load(stored, figures, name):
    twin = tf.keras.models.load_model(FOLDER / name)
    for output, image in twin(stored["images"]).items():
        same(figures, f"`{name}` in `load_model`, {output}", image, stored[output], 1e-6)
    # They were compiled: loss and optimizer come along.
    assert isinstance(twin.loss, hinet_tf.legacy.PSNRLoss)


def test_the_saved_model_of_a_twin_needs_no_class(stored, figures):
    twin = tf.saved_model.load(str(FOLDER / "twin")).signatures["serving_default"]
    images = twin(image=tf.constant(stored["images"]))
    # Keras 2 names an output by the layer that makes it.
    for name, output in (("attention", "stage1"), ("restored", "restored")):
        what = f"`twin` in `tf.saved_model.load`, {output}"
        same(figures, what, images[name], stored[output], 1e-6)


@pytest.mark.parametrize("name", ["weights.h5", "twin.weights.h5", "checkpoint/weights"])
def test_weights_load_into_a_twin_with_other_weights(stored, figures, name):
    twin = tf.keras.models.load_model(FOLDER / "twin.h5", compile=False)
    for weight in twin.weights:
        weight.assign(tf.zeros_like(weight))
    twin.load_weights(FOLDER / name).expect_partial() if "/" in name else twin.load_weights(
        FOLDER / name
    )
    image = twin(stored["images"])["restored"]
    same(figures, f"`{name}` in `load_weights`", image, stored["restored"], 1e-6)


def test_fit_takes_the_same_steps_and_what_it_saves_goes_back(stored, figures):
    twin = tf.keras.models.load_model(FOLDER / "twin.h5", compile=False)
    twin.compile(tf.keras.optimizers.SGD(1e-5), loss=hinet_tf.legacy.PSNRLoss())
    images, target = stored["images"], stored["target"]
    losses = twin.fit(images, target, batch_size=4, epochs=3, verbose=0).history["loss"]
    same(figures, "loss of three steps of `fit` in dB", losses, stored["losses"], 1e-3)
    np.save(FOLDER / "trained.npy", twin(images)["restored"])
    twin.save(FOLDER / "trained.h5")
    twin.save(FOLDER / "trained.keras")


def test_serving_saved_model_restores_files_and_pixels(stored, figures):
    served = tf.saved_model.load(str(FOLDER / "served" / "1")).signatures
    for name in ("png", "jpg"):
        content = tf.constant([stored[f"{name}_bytes"].tobytes()])
        answer = served["serving_default"](image_bytes=content)
        assert not answer["error"].numpy()[0]
        pixels = tf.io.decode_png(answer["restored_bytes"][0])
        same(figures, f"SavedModel, {name} file, of 255", pixels, stored[f"{name}_restored"], 0)
    pixels = served["restore_uint8"](image=tf.constant(stored["pixels"]))["restored"]
    same(figures, "SavedModel, `restore_uint8`, of 255", pixels, stored["pixels_restored"], 0)
    image = served["restore_float"](image=tf.constant(stored["images"]))["restored"]
    same(figures, "SavedModel, `restore_float`", image, stored["restored"], 1e-6)


def test_with_webp_the_saved_model_does_not_load():
    with pytest.raises(Exception, match="Op type not registered 'DecodeWebP'"):
        tf.saved_model.load(str(FOLDER / "served" / "2"))


@pytest.mark.parametrize("recipe", RECIPES)
def test_tflite_files_give_what_litert_gives(stored, figures, recipe):
    interpreter = tf.lite.Interpreter(str(FOLDER / f"{recipe}.tflite"), num_threads=1)
    run = interpreter.get_signature_runner("restore_64x64")
    restored = [run(image=image[None])["restored"][0] for image in stored["images"]]
    # Where one kernel rounds a half up and the other down, integers are a step apart.
    allowed = 5e-2 if recipe in INTEGERS else 1e-6
    same(figures, f"`.tflite`, {recipe}, to LiteRT", restored, stored[recipe], allowed)
    # The mean: all in integers, single photos of this size come out 0.05 dB apart either way.
    psnr = [psnr_to(stored["target"], image).mean() for image in (restored, stored[recipe])]
    same(figures, f"`.tflite`, {recipe}, mean PSNR of the restored photos in dB", *psnr, 0.03)


def psnr_to(target, restored):
    return -10 * np.log10(np.square(np.clip(restored, 0, 1) - target).mean((1, 2, 3)))


def test_normalization_is_that_of_tensorflow_addons(stored, figures):
    """Over four examples: large means, small deviations, affine parameters."""
    x = stored["x"]
    half = x.shape[-1] // 2
    theirs = tfa.layers.InstanceNormalization(epsilon=1e-5)
    ours = hinet_tf.legacy.HalfInstanceNormalization(epsilon=1e-5)
    theirs.build((*x.shape[:-1], half))
    ours.build(tf.TensorShape(x.shape))
    for layer in (theirs, ours):
        layer.gamma.assign(stored["gamma"])
        layer.beta.assign(stored["beta"])
    expected = theirs(x[..., :half])
    for what, found in (("Keras 3", stored["normalized"]), ("its Keras 2 form", ours(x).numpy())):
        row = f"half instance normalization, {what}, to tensorflow-addons"
        same(figures, row, found[..., :half], expected, 1e-5)
        np.testing.assert_array_equal(found[..., half:], x[..., half:])


def trained_by(optimizer, stored, scale):
    variable = tf.Variable(stored["start"])
    for gradient in stored["gradients"] * np.float32(scale):
        optimizer.apply_gradients([(tf.constant(gradient), variable)])
    return variable.numpy()


def theirs(name):
    """Adam's relatives with the settings of ours; all but the first decay decoupled weights."""
    settings = {"learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-8}
    if name == "tf.keras.optimizers.Adam":
        return tf.keras.optimizers.Adam(**settings)
    if name == "tf.keras.optimizers.AdamW":
        return tf.keras.optimizers.AdamW(weight_decay=1e-2, **settings)
    # Its decay is not multiplied with the learning rate.
    return tfa.optimizers.AdamW(weight_decay=1e-2 * 1e-3, **settings)


OPTIMIZERS = ("tf.keras.optimizers.Adam", "tf.keras.optimizers.AdamW", "tfa.optimizers.AdamW")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_are_those_of_the_old_optimizers(stored, figures, name):
    """Where gradients are far above epsilon, twelve steps of 1e-3 end in the same place."""
    found = stored["ours_1" if name.endswith("Adam") else "ours_decayed_1"]
    same(figures, f"12 steps, `{name}`", found, trained_by(theirs(name), stored, 1), 1e-6)


def by_formula(stored, scale, epsilon_after_correction):
    weight = stored["start"].astype(np.float64)
    m = v = np.zeros_like(weight)
    for step, gradient in enumerate(stored["gradients"] * np.float32(scale), 1):
        m = 0.9 * m + 0.1 * gradient
        v = 0.99 * v + 0.01 * np.square(gradient, dtype=np.float64)
        correction = np.sqrt(1 - 0.99**step)
        epsilon = 1e-8 if epsilon_after_correction else 1e-8 / correction
        weight = weight - 1e-3 * m / (1 - 0.9**step) / (np.sqrt(v) / correction + epsilon)
    return weight


def test_near_epsilon_they_differ_by_where_it_is_added_and_by_nothing_else(stored, figures):
    """Keras 2 adds it before the bias correction of v: it acts as epsilon / sqrt(1 - 0.99^step)."""
    old = trained_by(theirs("tf.keras.optimizers.Adam"), stored, 1e-8)
    ours = stored["ours_1e-08"]
    scale = "gradients of 1e-8, 12 steps"
    same(figures, f"{scale}, ours by its formula", ours, by_formula(stored, 1e-8, True), 1e-6)
    same(figures, f"{scale}, Keras 2.15 by its", old, by_formula(stored, 1e-8, False), 1e-6)
    difference = np.abs(old - ours).max()
    figures(f"{scale}, one to the other: differ, as they must", difference, np.inf)
    assert difference > 1e-3
