"""The examples of all docstrings run, and print what they say."""

import doctest
import importlib
import importlib.util
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import hinet_tf
from hinet_tf import data
from hinet_tf.engine import recipe_parts
from hinet_tf.engine.checkpoints import Checkpoints
from hinet_tf.engine.progress import TrainingProgress
from hinet_tf.tasks import Recipe

ROOT = Path(__file__).parents[1]
# Modules that need what is not installed everywhere, by the package that they need.
NEEDS = {"hinet_tf.deploy.bulk": "apache_beam", "hinet_tf.data.tfds": "tensorflow_datasets"}
OFFICIAL = ROOT / "tests/golden/official_hinet_wf2_hin3-4.pth"
PAIR = ("input", "target")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules():
    for path in sorted((ROOT / "hinet_tf").rglob("*.py")):
        if ">>>" in path.read_text():
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where examples run: a photo, a folder of photos and one of pairs, records, and models."""
    folder = tmp_path_factory.mktemp("examples")
    photo = Image.fromarray(data.builtin_photos("val").images(0)[1][60:124, 120:216])
    names = [f"photos/{number}.png" for number in range(3)]
    names += [f"gopro/{split}/{side}/1.png" for split in ("train", "test") for side in PAIR]
    for name in ("photo.png", "photo.jpg", *names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        photo.save(folder / name)
    content = tf.train.BytesList(value=[(folder / "photo.png").read_bytes()])
    features = {side: tf.train.Feature(bytes_list=content) for side in PAIR}
    with tf.io.TFRecordWriter(str(folder / "gopro.tfrecord")) as records:
        example = tf.train.Example(features=tf.train.Features(feature=features))
        records.write(example.SerializeToString())
    shutil.copyfile(OFFICIAL, folder / "HINet-GoPro.pth")
    hinet_tf.HINet(width=2, depth=2).save(folder / "best.keras")
    return folder


@pytest.fixture(scope="module")
def objects(folder):
    """What examples name without making it."""
    recipe = Recipe(task="denoise", scale=1 / 32, patch=16, batch=2, steps=4)
    photo = np.asarray(Image.open(folder / "photo.png"))
    image = tf.constant(photo / np.float32(255))
    return {
        **{name: getattr(data, name) for name in data.__all__},
        **{"hinet_tf": hinet_tf, "HINet": hinet_tf.HINet, "data": data, "Path": Path},
        **{"keras": keras, "np": np, "tf": tf, "photo": photo, "image": image},
        "images": tf.stack([image[:64, :64], image[:64, 32:]]),
        **{"recipe": recipe, "network": recipe_parts.build_network(recipe)},
        "progress": TrainingProgress(0, 100),
        "checkpoints": Checkpoints(folder / "checkpoints"),
    }


@pytest.mark.parametrize("name", [*modules()])
def test_examples_of(name, folder, objects, monkeypatch):
    for needing, package in NEEDS.items():
        if name.startswith(needing) and importlib.util.find_spec(package) is None:
            pytest.skip(f"needs {package}")
    module = importlib.import_module(name)
    monkeypatch.chdir(folder)
    missing = {key: value for key, value in objects.items() if not hasattr(module, key)}
    result = doctest.testmod(module, extraglobs=missing, optionflags=FLAGS)
    assert not result.failed, f"{result.failed} of {result.attempted} examples fail; see above"
