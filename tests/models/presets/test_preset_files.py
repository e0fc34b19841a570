"""Presets on disk: what is written is what is read, and nothing else is."""

import hashlib
import json
import os
import pickle
import subprocess
import sys

import keras
import numpy as np
import pytest

import hinet_tf
from hinet_tf import HINet
from hinet_tf.models.official_layout import official_tensors
from hinet_tf.models.presets import is_preset, preset_card, write_preset
from tests.models.presets.conftest import card_of


def test_the_registry_is_plain_data(shipped):
    presets = hinet_tf.presets()
    assert list(presets) == ["denoise_small", "derain_small"]
    assert presets["derain_small"]["task"] == "derain"
    assert presets["derain_small"]["license"] == "MIT"
    digest = hashlib.sha256((shipped / "derain_small.npz").read_bytes()).hexdigest()
    assert presets["derain_small"]["sha256"] == digest
    json.dumps(presets)


@pytest.mark.parametrize("by_folder", [False, True])
def test_a_preset_is_its_network_rounded_to_float16(shipped, network, by_folder, tmp_path):
    place = "denoise_small"
    if by_folder:
        place = tmp_path / "elsewhere"
        write_preset(place, card_of("mine"), network)
    model = HINet.from_preset(place)
    assert (model.width, model.hin_levels) == (4, (1, 2))
    for ours, theirs in zip(model.weights, network.weights, strict=True):
        rounded = keras.ops.convert_to_numpy(theirs.value).astype(np.float16)
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(ours.value), rounded)


def test_the_file_holds_the_official_names_and_layout(shipped, network):
    with np.load(shipped / "denoise_small.npz") as archive:
        assert set(archive.files) == {tensor.name for tensor in official_tensors(network)}
        assert {archive[name].dtype for name in archive.files} == {np.dtype(np.float16)}
        assert archive["conv_01.weight"].shape == (4, 3, 3, 3)
        kernel = network.get_layer("stage1_input").kernel.numpy().astype(np.float16)
        np.testing.assert_array_equal(archive["conv_01.weight"][1, 2], kernel[:, :, 2, 1])


def test_the_same_weights_give_the_same_file(tmp_path, network):
    for folder in ("a", "b"):
        write_preset(tmp_path / folder, card_of("mine"), network)
    assert (tmp_path / "a/mine.npz").read_bytes() == (tmp_path / "b/mine.npz").read_bytes()


def test_a_name_that_ships_comes_before_a_folder_of_that_name(shipped, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "denoise_small").mkdir()
    assert HINet.from_preset("denoise_small").width == 4
    with pytest.raises(ValueError, match="Expected one preset in the folder"):
        HINet.from_preset("./denoise_small")


def test_an_unknown_preset_names_the_known_ones(shipped):
    assert not is_preset("denoise_large")
    with pytest.raises(ValueError, match=r"'denoise_large'.*denoise_small, derain_small"):
        HINet.from_preset("denoise_large")


def test_without_presets_the_message_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("hinet_tf.models.presets.registry.FOLDER", tmp_path)
    assert hinet_tf.presets() == {}
    with pytest.raises(ValueError, match="none ships with this version"):
        HINet.from_preset("denoise_small")


def flip_a_bit(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    "damage", [flip_a_bit, lambda file: file.write_bytes(b""), lambda file: file.unlink()]
)
def test_damaged_weights_are_refused_with_their_checksum(shipped, damage):
    file = shipped / "denoise_small.npz"
    expected = preset_card("denoise_small")["sha256"]
    damage(file)
    with pytest.raises(ValueError, match="Reinstall the package") as refusal:
        HINet.from_preset("denoise_small")
    assert str(file) in str(refusal.value)
    if file.exists():
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        assert found in str(refusal.value) and expected in str(refusal.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "denoise_small"}'])
def test_a_damaged_card_is_refused(shipped, text):
    (shipped / "denoise_small.json").write_text(text)
    with pytest.raises(ValueError, match=r"denoise_small\.json is no .*Reinstall"):
        HINet.from_preset("denoise_small")


def test_weights_of_another_network_are_refused(shipped, tmp_path):
    write_preset(shipped, card_of("denoise_small"), HINet(width=2, depth=3))
    with pytest.raises(ValueError, match=r"denoise_small\.npz does not fit a HINet of width 4"):
        HINet.from_preset("denoise_small")


def test_no_code_of_a_file_is_run(shipped, tmp_path):
    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "trapped"),))

    for number, content in enumerate((pickle.dumps(Trap()), None)):
        file = shipped / "denoise_small.npz"
        if content is None:
            np.savez(file, **{"conv_01.weight": np.array([Trap()], object)})
        else:
            file.write_bytes(content)
        card = json.loads((shipped / "denoise_small.json").read_text())
        card["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
        (shipped / "denoise_small.json").write_text(json.dumps(card))
        with pytest.raises(ValueError, match=r"no readable \.npz file"):
            HINet.from_preset("denoise_small")
        assert not (tmp_path / "trapped").exists(), number


def test_weights_beyond_float16_are_not_written(tmp_path, network):
    network.get_layer("stage1_input").bias.assign([0, 0, 1e5, 0])
    with pytest.raises(ValueError, match=r"conv_01\.bias does not fit into float16.*100000"):
        write_preset(tmp_path, card_of("mine"), network)
    assert not list(tmp_path.iterdir())


JAX = """
import sys, keras, numpy as np, hinet_tf
if keras.backend.backend() != "jax":
    raise SystemExit("not on JAX")
folder, x, out = sys.argv[1:]
np.save(out, hinet_tf.HINet.from_preset(folder)(np.load(x))["restored"])
if "tensorflow" in sys.modules:
    raise SystemExit("TensorFlow was imported")
"""


def test_a_preset_loads_on_jax_without_tensorflow(tmp_path, network):
    write_preset(tmp_path / "mine", card_of("mine"), network)
    x = np.random.default_rng(0).uniform(size=(1, 32, 48, 3)).astype("float32")
    np.save(tmp_path / "x.npy", x)
    subprocess.run(
        [sys.executable, "-c", JAX, tmp_path / "mine", tmp_path / "x.npy", tmp_path / "y.npy"],
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        check=True,
    )
    expected = HINet.from_preset(tmp_path / "mine")(x)["restored"]
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), expected, atol=1e-4)
