"""Every mix-up of the two Keras is answered with a line that names the remedy."""

import os
import subprocess
import sys

import keras
import pytest
import tf_keras

import hinet_tf
from hinet_tf.legacy import HalfInstanceNormalization, from_tf_keras, keras_2, to_tf_keras


@pytest.fixture(scope="module")
def twin(model):
    return to_tf_keras(model)


@pytest.mark.parametrize(
    "wrong, remedy",
    [
        (lambda model: to_tf_keras(to_tf_keras(model)), "a Keras 2 model.*from_tf_keras"),
        (lambda model: to_tf_keras(keras.Sequential()), "exchanged layers has no twin"),
        (lambda model: to_tf_keras("hinet.keras"), "Received: builtins.str"),
        (lambda model: to_tf_keras(model.rebuilt(norm="local")), r"rebuilt\(norm='instance'\)"),
        (lambda model: to_tf_keras(model, size=(31, 32)), r"multiples of 2. Received: \(31, 32\)"),
        (lambda model: from_tf_keras(model), "of Keras 3.*to_tf_keras"),
        (lambda model: from_tf_keras("hinet.h5"), "tf_keras.models.load_model first"),
        (lambda model: from_tf_keras(tf_keras.Sequential(name="other")), "'other' is not the twin"),
        (lambda model: HalfInstanceNormalization(0), "epsilon=0"),
        (lambda model: HalfInstanceNormalization().build((1, 8, 8, 3)), "even number"),
    ],
)
def test_wrong_model_is_named(model, wrong, remedy):
    with pytest.raises(ValueError, match=remedy) as error:
        wrong(model)
    assert "\n" not in str(error.value)


def test_modified_twin_is_named_by_its_layer(twin):
    def other_slope(layer):
        if layer.name == "stage2_encoder1":
            return tf_keras.models.clone_model(layer, clone_function=steeper)
        return layer

    def steeper(layer):
        if layer.name == "stage2_encoder1/relu_2":
            return tf_keras.layers.LeakyReLU(0.5, name=layer.name)
        return layer.__class__.from_config(layer.get_config())

    modified = tf_keras.models.clone_model(twin, clone_function=other_slope)
    with pytest.raises(ValueError, match="modified twin: layer stage2_encoder1/relu_2 is"):
        from_tf_keras(modified)


def test_cut_twin_is_named(twin):
    cut = tf_keras.Model(twin.input, {"restored": twin.output["restored"]}, name="cut")
    with pytest.raises(ValueError, match="outputs"):
        from_tf_keras(cut)


def test_tf_keras_that_is_missing_or_too_old_is_named(monkeypatch):
    metadata = keras_2.importlib.metadata

    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(ImportError, match=r"pip install 'hinet-tf\[legacy\]'"):
        keras_2.find_keras_2()
    monkeypatch.setattr(metadata, "version", lambda name: "2.20.1")
    with pytest.raises(ImportError, match=r"tf-keras 2\.20\.1 beside TensorFlow 2\.21.*2\.21\.\*"):
        keras_2.find_keras_2()


@pytest.mark.parametrize("optimizer, loss", [(tf_keras.optimizers.SGD(), "mse"), ("sgd", "twin's")])
def test_objects_of_keras_2_are_refused_by_the_keras_3_model(optimizer, loss):
    loss = hinet_tf.legacy.PSNRLoss() if loss == "twin's" else loss
    with pytest.raises(ValueError, match=r"of Keras 2.*hinet_tf\.legacy\.to_tf_keras"):
        hinet_tf.HINet(width=2, depth=2).compile(optimizer, loss)


def test_switched_process_is_shown_the_door_and_twins_work_in_it():
    script = """
import hinet_tf, tensorflow as tf
model = hinet_tf.HINet(width=2, depth=2)
twin = hinet_tf.legacy.to_tf_keras(model)
print(isinstance(twin, tf.keras.Model))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_USE_LEGACY_KERAS": "1"},
    )
    assert done.stdout == "True\n"
    assert done.stderr.count("TF_USE_LEGACY_KERAS=1 makes tf.keras Keras 2") == 1
    assert "hinet_tf.legacy.to_tf_keras(model)" in done.stderr


def test_importing_it_switches_no_keras():
    script = """
import os, keras, tensorflow as tf, hinet_tf.legacy
print(tf.keras.__version__ == keras.__version__, keras.__version__[0])
print(os.environ.get("TF_USE_LEGACY_KERAS"))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "True 3\nNone\n"


class Doubled(hinet_tf.HINet):
    def call(self, inputs, training=None, mask=None):
        return {name: 2 * image for name, image in super().call(inputs).items()}


def test_modified_network_has_no_twin(model):
    """Neither a layer changed in place nor a method written anew is lost in silence."""
    steeper = model.rebuilt()
    steeper.get_layer("stage1_encoder0").negative_slope = 0.9
    for modified in (Doubled(width=2, depth=2), steeper):
        with pytest.raises(ValueError, match=r"was modified.*Expected: a HINet as it is") as error:
            to_tf_keras(modified)
        assert "\n" not in str(error.value)
    to_tf_keras(model.rebuilt(dtype="mixed_bfloat16"))


@pytest.mark.parametrize(
    "use",
    [
        hinet_tf.Restorer,
        hinet_tf.to_local,
        lambda twin: hinet_tf.export_tflite(twin, "new.tflite"),
        lambda twin: hinet_tf.export_saved_model(twin, "new"),
    ],
)
def test_twin_where_the_model_is_needed(twin, use):
    with pytest.raises(ValueError, match=r"Keras 2.*hinet_tf\.legacy\.from_tf_keras") as error:
        use(twin)
    assert "\n" not in str(error.value)


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5")
def test_saved_twins_and_hdf5_files_are_refused_with_the_line_that_converts_them(
    model, twin, tmp_path, capsys, monkeypatch
):
    from hinet_tf.commands.hinet import main

    monkeypatch.chdir(tmp_path)
    model.save("three.h5")
    for name in ("two.h5", "two.keras"):
        twin.save(name)
    for name, way in (
        ("two.h5", "hinet_tf.legacy.from_tf_keras(tf_keras.models.load_model('two.h5'))"),
        ("two.keras", "hinet_tf.legacy.from_tf_keras(tf_keras.models.load_model('two.keras'))"),
        ("three.h5", "keras.models.load_model('three.h5')"),
    ):
        with pytest.raises(ValueError) as error:
            hinet_tf.models.open_model(name)
        assert way in str(error.value) and "\n" not in str(error.value)
        words = f"export tflite --model {name} --out new.tflite"
        assert main(words.split()) == 2
        line = capsys.readouterr().err
        assert way in line and line.count("\n") == 1
        # What it says can be typed.
        code = str(error.value).rpartition(": ")[2].removesuffix(".")
        eval(code, {"hinet_tf": hinet_tf, "tf_keras": tf_keras, "keras": keras})
        saved = hinet_tf.models.open_model(name.replace(".", "_3.").replace(".h5", ".keras"))
        assert saved.get_config() == model.get_config()
