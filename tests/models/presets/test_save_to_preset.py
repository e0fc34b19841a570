"""Models saved as presets: a folder as the hubs have them, bit for bit the model."""

import hashlib
import json

import numpy as np
import pytest
import safetensors

import hinet_tf
from hinet_tf import HINet
from hinet_tf.models.official_layout import official_tensors
from hinet_tf.models.presets import is_preset, preset_card, presets


@pytest.fixture
def model():
    return HINet(width=4, depth=2, hin_levels=(1,), negative_slope=0.1, dtype="mixed_bfloat16")


def test_what_was_saved_is_loaded_bit_for_bit(model, tmp_path):
    model.get_layer("stage1_encoder0").trainable = False
    facts = {"task": "denoise", "license": "MIT", "training_data": [{"name": "a", "license": "b"}]}
    model.save_to_preset(tmp_path / "mine", **facts)
    loaded = HINet.from_preset(tmp_path / "mine", name="other")
    for ours, theirs in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert loaded.name == "other" and loaded.compute_dtype == "float32"
    assert (loaded.hin_levels, loaded.negative_slope) == ((1,), 0.1)
    assert not loaded.get_layer("stage1_encoder0").trainable
    assert HINet.from_preset(str(tmp_path / "mine"), dtype="bfloat16").compute_dtype == "bfloat16"
    card = preset_card(tmp_path / "mine")
    assert {**card, **facts} == card
    assert (card["name"], card["format"], card["scale"]) == ("mine", 1, 0.0625)
    assert is_preset(tmp_path / "mine") and card["parameters"] == model.count_params()
    restored = hinet_tf.Restorer(str(tmp_path / "mine")).restore(np.zeros((9, 9, 3), np.uint8))
    assert restored.shape == (9, 9, 3)


def test_the_file_holds_the_official_tensors(model, tmp_path):
    model.save_to_preset(tmp_path)
    with safetensors.safe_open(tmp_path / "model.safetensors", "np") as file:
        assert file.metadata() == {"format": "pt"}
        assert set(file.keys()) == {tensor.name for tensor in official_tensors(model)}
        for tensor in official_tensors(model):
            np.testing.assert_array_equal(file.get_tensor(tensor.name), tensor.official_value)


def with_header(change):
    def damaged(content):
        size = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + size])
        change(header, header[min(header.keys() - {"__metadata__"})])
        text = json.dumps(header).encode()
        return len(text).to_bytes(8, "little") + text + content[8 + size :]

    return damaged


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[:5],
        lambda content: b"\xff" * 8 + content[8:],
        lambda content: content[:-1],
        lambda content: content + b"\0",
        lambda content: content[:8] + b"[" + content[9:],
        with_header(lambda header, first: first.pop("shape")),
        with_header(lambda header, first: first.update(dtype="I32")),
        with_header(lambda header, first: first.update(dtype="BF16")),
        with_header(lambda header, first: first.update(shape=[-2, -1])),
        with_header(lambda header, first: first.update(shape=[2**62, 2**62])),
        with_header(lambda header, first: first.update(data_offsets=[0])),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(model, tmp_path, change):
    model.save_to_preset(tmp_path)
    file, card = tmp_path / "model.safetensors", tmp_path / "config.json"
    file.write_bytes(change(file.read_bytes()))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    card.write_text(json.dumps({**json.loads(card.read_text()), "sha256": digest}))
    with pytest.raises(
        ValueError, match=r"model\.safetensors is no readable \.safetensors file \(.+"
    ):
        HINet.from_preset(tmp_path)


def test_what_is_not_the_cards_or_too_new_is_refused(model, tmp_path):
    model.save_to_preset(tmp_path)
    card = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**card, "format": 2, "config": None}))
    with pytest.raises(ValueError, match=r"card of format 2\. This version .* reads 1; upgrade"):
        HINet.from_preset(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({**card, "sha256": "0" * 64}))
    with pytest.raises(ValueError, match=r"model.safetensors is damaged: its SHA-256 is"):
        HINet.from_preset(tmp_path)


@pytest.mark.parametrize(
    ("place", "facts", "message"),
    [
        ("mine", {"author": "me"}, "no place for: author. Expected some of: name, task, license"),
        ("hf://me/mine", {}, "saved into a folder. Received: hf://me/mine.* hf upload"),
        ("taken", {}, "config.json is no card of a preset"),
    ],
)
def test_what_cannot_be_saved_is_refused(model, tmp_path, monkeypatch, place, facts, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ValueError, match=message):
        model.save_to_preset(place, **facts)
    assert [path.name for path in tmp_path.rglob("*")] == ["taken", "config.json"]


def test_a_preset_outlives_a_model_that_cannot_be_saved(model, tmp_path):
    model.save_to_preset(tmp_path, task="denoise")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    other = HINet(width=4, depth=2)
    for fact in ({"training_data": "photos"}, {"license": 5}, {"scores": {"a": np.float32(3)}}):
        with pytest.raises(ValueError, match=r"training_data|license|no plain data: .*float32"):
            other.save_to_preset(tmp_path, **fact)
    other.get_layer("stage2_output").bias.assign([np.nan, 0, 0])
    with pytest.raises(ValueError, match=r"last.bias holds NaN or infinite values"):
        other.save_to_preset(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_class_lists_its_presets():
    assert set(HINet.presets) == set(presets())
    for name, preset in HINet.presets.items():
        about = preset["metadata"]
        assert about["params"] == preset_card(name)["parameters"]
        assert about["description"] and about["license"] == presets()[name]["license"]
