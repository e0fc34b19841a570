"""The three engines give one result."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from hinet_tf import HINet, Restorer
from hinet_tf.data import builtin_photos
from hinet_tf.inference.engines import open_engine
from hinet_tf.models import open_model


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(0).random((45, 70, 3), np.float32)


@pytest.fixture(scope="module")
def expected(deep, image) -> np.ndarray:
    return Restorer(deep).restore(image)


@pytest.fixture(scope="module")
def saved_model(deep, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model"
    deep.export(path, verbose=False)
    return path


def written_tflite(function, weights, folder, dtype=tf.float32):
    """A file with one signature of 48x80."""
    module = tf.Module()
    # Else the converter leaves the weights out and the file computes NaN.
    module.weights = [weight.value for weight in weights]
    module.restore = tf.function(
        function, input_signature=[tf.TensorSpec((1, 48, 80, 3), dtype, name="image")]
    )
    tf.saved_model.save(module, str(folder / "saved"), signatures={"restore": module.restore})
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved"))
    (folder / "model.tflite").write_bytes(converter.convert())
    return folder / "model.tflite"


@pytest.fixture(scope="module")
def tflite(deep, tmp_path_factory):
    return written_tflite(lambda image: deep(image), deep.weights, tmp_path_factory.mktemp("both"))


@pytest.mark.parametrize("fast", [False, True])
def test_saved_model(deep, saved_model, image, fast):
    restored = Restorer(saved_model, fast=fast).restore(image)
    expected = Restorer(deep, fast=fast).restore(image)
    np.testing.assert_allclose(restored, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("engine", ["tensorflow", "litert"])
def test_litert(tflite, image, expected, engine):
    restored = Restorer(tflite, engine=engine).restore(image)
    np.testing.assert_allclose(restored, expected, rtol=0, atol=1e-5)


def test_litert_of_8_bit_images(deep, image, expected, tmp_path):
    def rounded(levels):
        restored = deep(tf.cast(levels, tf.float32) / 255)["restored"]
        return tf.cast(tf.round(tf.clip_by_value(restored, 0, 1) * 255), tf.uint8)

    path = written_tflite(rounded, deep.weights, tmp_path, tf.uint8)
    restored = Restorer(path).restore(image)
    assert restored.dtype == np.float32
    # Half a level of the image moves the result by little more.
    difference = np.abs(restored - np.clip(expected, 0, 1))
    assert 1e-4 < difference.mean() < 0.7 / 255 and difference.max() < 6 / 255
    with pytest.raises(ValueError, match="keeps the stage it was exported with: leave out `fast`"):
        Restorer(path, fast=True)


def test_litert_tiles_what_is_larger_than_its_size(deep, tflite):
    image = np.random.default_rng(1).random((100, 200, 3), np.float32)
    restored = Restorer(tflite, overlap=16).restore(image)
    assert restored.shape == image.shape
    corner = Restorer(deep).restore(image[:48, :80])
    np.testing.assert_allclose(restored[:36, :68], corner[:36, :68], rtol=0, atol=1e-5)
    # As much as a tile is high: a third of it is taken instead.
    assert Restorer(tflite, overlap=48).restore(image).shape == image.shape


@pytest.mark.parametrize("kind", ["keras", "tflite"])
def test_openvino(deep, image, expected, kind, tmp_path):
    pytest.importorskip("openvino")
    model = deep
    if kind == "tflite":
        # OpenVINO does not read the names of signatures, so one output, as exports have.
        only = lambda image: {"restored": deep(image)["restored"]}  # noqa: E731
        model = written_tflite(only, deep.weights, tmp_path)
    restored = Restorer(model, engine="openvino").restore(image)
    np.testing.assert_allclose(restored, expected, rtol=0, atol=1e-5)


def test_openvino_in_bfloat16_is_close(deep, image, expected):
    pytest.importorskip("openvino")
    restored = Restorer(deep, engine="openvino", precision="bfloat16").restore(image)
    assert np.sqrt(np.mean((restored - expected) ** 2)) < 2e-3


@pytest.mark.parametrize("engine", ["tensorflow", "openvino"])
@pytest.mark.parametrize("fast", [False, True])
def test_bfloat16_keeps_the_bits_of_bright_pixels(engine, fast):
    """Their levels are half a step of bfloat16 apart: rounded before, the error is five-fold."""
    if engine == "openvino":
        pytest.importorskip("openvino")
    photo = builtin_photos("val").images(0)[1][60:140, 90:202].astype(np.float32) / 255
    noise = np.random.default_rng(0).normal(0, 2 / 255, photo.shape)
    bright = np.clip(0.75 + 0.2 * photo + noise, 0, 1).astype(np.float32)
    exact = Restorer("deblur_0.25x", precision="float32", fast=fast).restore(bright)
    low = Restorer("deblur_0.25x", engine=engine, precision="bfloat16", fast=fast).restore(bright)
    assert 1e-5 < np.sqrt(np.mean((low - exact) ** 2)) < 3e-4


def test_damaged_and_unfit_models_are_named(tmp_path, deep, tflite, saved_model):
    (tmp_path / "bad.tflite").write_bytes(b"nothing")
    (tmp_path / "bad.keras").write_bytes(b"nothing")
    (tmp_path / "empty").mkdir()
    for name, message in (
        ("bad.tflite", "tflite"),
        ("bad.keras", "readable .keras"),
        ("empty", r"neither a SavedModel.*best\.keras\)\.$"),
        (saved_model.parent, f"neither a SavedModel.* Use {saved_model}"),
        ("none.keras", "No such model file"),
    ):
        with pytest.raises(ValueError, match=message):
            Restorer(tmp_path / name)
    with pytest.raises(ValueError, match="exported with"):
        open_model(tflite, local=True)
    with pytest.raises(ValueError, match="exported with"):
        Restorer(saved_model, precision="bfloat16")


def test_open_model_by_kind(tmp_path, deep, golden_path):
    deep.save(tmp_path / "tiny.keras")
    assert open_model(tmp_path / "tiny.keras").width == 2
    assert open_model(golden_path("official_hinet_wf4_hin0-4.pth")).hin_levels == (0, 1, 2, 3, 4)
    assert open_model(tmp_path / "tiny.keras", local=True).norm == "local"


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_weights_as_constants_change_no_bit(deep, image, precision):
    padded = np.pad(image, ((0, 3), (0, 10), (0, 0)))[np.newaxis]
    variables = open_engine(deep, precision=precision, memory=0)
    constants = open_engine(deep, precision=precision, memory=2**30)
    np.testing.assert_array_equal(constants(padded), variables(padded))


def test_local_statistics_without_constants_change_no_bit(image):
    # Of windows that no usual ratio gives, a clone is no HINet.
    model = HINet(width=4, norm="local", local_train_size=20, local_ratio=1.3)
    model = model.rebuilt(dtype="mixed_bfloat16")
    padded = np.pad(image, ((0, 3), (0, 10), (0, 0)))[np.newaxis]
    variables = open_engine(model, precision="float32", memory=0)
    constants = open_engine(model, precision="float32", memory=2**30)
    np.testing.assert_array_equal(constants(padded), variables(padded))


@pytest.mark.parametrize("engine", ["tensorflow", "litert", "openvino"])
def test_each_thread_gets_its_own_picture(deep, tflite, engine):
    if engine == "openvino":
        pytest.importorskip("openvino")
    restorer = Restorer(tflite if engine == "litert" else deep, engine=engine)
    images = [np.full((48, 80, 3), level, np.uint8) for level in range(0, 256, 8)]
    alone = [restorer.restore(image) for image in images]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(restorer.restore, images * 8))
    wrong = [i for i, got in enumerate(together) if not np.array_equal(got, alone[i % 32])]
    assert not wrong


# Its summands have other uses, which two calls of TensorFlow's graph at once do not survive.
SKIPS = """
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np

from hinet_tf.inference.engines import open_engine

conv = lambda size: keras.layers.Conv2D(8, size, padding="same", bias_initializer="ones")
x = image = keras.Input((None, None, 3))
x = conv(3)(x)
for _ in range(8):
    summed = keras.layers.Add()([conv(3)(keras.layers.LeakyReLU(0.2)(x)), x])
    x = conv(1)(keras.layers.Concatenate()([summed, x]))
engine = open_engine(keras.Model(image, keras.layers.Conv2D(3, 1)(x)), engine="tensorflow")
random = np.random.default_rng(0)
images = [random.random((1, 32 + 16 * n, 32, 3), np.float32) for n in range(4)]
alone = [engine(image) for image in images]
with ThreadPoolExecutor(4) as pool:
    together = list(pool.map(engine, images * 250))
wrong = [n for n, got in enumerate(together) if not np.array_equal(got, alone[n % 4])]
assert not wrong, wrong
"""


def test_threads_take_turns_in_tensorflow():
    subprocess.run([sys.executable, "-c", SKIPS], check=True)
