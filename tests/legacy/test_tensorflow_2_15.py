"""What this project writes, in the TensorFlow 2.15 of production systems: `make test-legacy`."""

import io
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tf_keras
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

import hinet_tf
from hinet_tf.deploy.tflite.recipes import QUANTIZATION_RECIPES
from hinet_tf.deploy.tflite.verification_photos import crops, verification_pairs
from hinet_tf.legacy import PSNRLoss, from_tf_keras, to_tf_keras
from hinet_tf.optimizers import Adam

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def python():
    """The interpreter beside TensorFlow 2.15.1."""
    path = Path(sys.prefix) / "legacy" / "bin" / "python"
    return path if path.exists() else pytest.skip("no TensorFlow 2.15: run `make test-legacy`")


@pytest.fixture(scope="module")
def model():
    return hinet_tf.HINet.from_preset("denoise_0.125x")


@pytest.fixture(scope="module")
def artefacts(model, tmp_path_factory):
    """A folder with all that is exported, and with what it gives here in `expected.npz`."""
    folder = tmp_path_factory.mktemp("artefacts")
    photos = list(crops(verification_pairs("builtin"), (64, 64), per_photo=1))[:4]
    images, target = (np.stack([getattr(p, k) for p in photos]) for k in ("degraded", "clean"))
    expected = {"images": images, "target": target}
    expected |= {name: image.numpy() for name, image in model(images).items()}
    expected |= save_twins(model, images, target, folder)
    expected |= export(model, images, folder)
    np.savez(folder / "expected.npz", **expected, **normalize(), **step())
    return folder


def save_twins(model, images, target, folder):
    twin = to_tf_keras(model)
    twin.compile(tf_keras.optimizers.SGD(1e-5), loss=PSNRLoss())
    for name in ("twin.h5", "twin.keras", "twin"):
        twin.save(folder / name)
    for name in ("weights.h5", "twin.weights.h5", "checkpoint/weights"):
        twin.save_weights(folder / name)
    return {"losses": twin.fit(images, target, batch_size=4, epochs=3, verbose=0).history["loss"]}


def export(model, images, folder):
    pixels = np.uint8(np.clip(images[:, :61, :45], 0, 1) * 255 + 0.5)
    restorer = hinet_tf.Restorer(model)
    expected = {"pixels": pixels, "pixels_restored": restorer(pixels)}
    for name, kind in (("png", "PNG"), ("jpg", "JPEG")):
        file = io.BytesIO()
        Image.fromarray(pixels[0]).save(file, kind)
        expected[f"{name}_bytes"] = np.frombuffer(file.getvalue(), np.uint8)
        expected[f"{name}_restored"] = restorer(np.asarray(Image.open(file)))
    for version, webp in ((1, False), (2, True)):
        hinet_tf.export_saved_model(model, folder / "served", version, webp=webp)
    for recipe in QUANTIZATION_RECIPES:
        path = folder / f"{recipe}.tflite"
        # Quality is not the question; a search for a better recipe takes minutes.
        hinet_tf.export_tflite(model, path, [(64, 64)], recipe, max_drop=10.0, force=True)
        run = Interpreter(str(path), num_threads=1).get_signature_runner()
        expected[recipe] = np.stack([run(image=image[None])["restored"][0] for image in images])
    return expected


def normalize():
    random = np.random.default_rng(0)
    # The mean of each image is up to a hundred times its deviation.
    mean, deviation = random.uniform(-10, 10, (4, 1, 1, 12)), random.uniform(0.1, 5, (4, 1, 1, 12))
    x = np.float32(random.normal(mean, deviation, (4, 17, 23, 12)))
    gamma, beta = np.float32(random.normal(1, 0.5, (2, 6)))
    layer = hinet_tf.layers.HalfInstanceNormalization(epsilon=1e-5)
    layer.build(x.shape)
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    return {"x": x, "gamma": gamma, "beta": beta, "normalized": np.asarray(layer(x))}


def step():
    """Where twelve steps of our Adam end, without its clip."""
    random = np.random.default_rng(1)
    start = np.float32(random.normal(size=50))
    gradients = np.float32(random.normal(size=(12, 50)))
    ends = {"start": start, "gradients": gradients}
    for name, scale, settings in (
        ("ours_1", 1, {}),
        ("ours_1e-08", 1e-8, {}),
        ("ours_decayed_1", 1, {"weight_decay": 1e-2}),
    ):
        variable = keras.Variable(start)
        optimizer = Adam(1e-3, beta_2=0.99, global_clipnorm=None, **settings)
        for gradient in gradients * np.float32(scale):
            optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        ends[name] = variable.numpy()
    return ends


def test_everything_loads_and_gives_the_same_in_tensorflow_2_15(python, artefacts, capfd):
    checks = Path(__file__).with_name("in_tensorflow_2_15.py")
    # Neither the settings nor the fixtures of these tests: they are Keras 3's.
    options = ["-c", os.devnull, "--rootdir", str(artefacts), "--noconftest", "-q", "-s"]
    done = subprocess.run(
        [python, "-m", "pytest", *options, "-p", "no:cacheprovider", checks],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "ARTEFACTS": str(artefacts)},
    )
    print(done.stdout)
    assert done.returncode == 0, done.stderr[-2000:]


def test_what_2_15_trained_and_saved_comes_back(python, artefacts):
    """Runs after the test above, which leaves these files."""
    images = np.load(artefacts / "expected.npz")["images"]
    expected = np.load(artefacts / "trained.npy")
    for name in ("trained.h5", "trained.keras"):
        model = from_tf_keras(tf_keras.models.load_model(artefacts / name))
        np.testing.assert_allclose(model(images)["restored"], expected, atol=1e-6)
