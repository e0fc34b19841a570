"""Presets as `--model` and `--init`: found by name, refused for another task, never fetched."""

import json
import socket

import numpy as np
import pytest
from PIL import Image

from hinet_tf import HINet, Restorer
from hinet_tf.commands import evaluate, export_saved_model, export_tflite
from hinet_tf.commands import restore as restore_command
from hinet_tf.commands.preset_options import check_task, model_details
from hinet_tf.commands.train import main as train
from hinet_tf.models import open_model
from hinet_tf.models.presets import registry, write_preset
from tests.models.presets.conftest import card_of

TRAINING = [
    *("--scale", "0.0625", "--patch", "16", "--batch", "2", "--steps", "2"),
    *("--set", "depth=3", "--set", "hin_levels=1,2", "--set", "learning_rate=1e-7"),
    *("--set", "final_learning_rate=1e-7", "--data", "builtin"),
]


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*arguments):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (33, 47, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.fixture
def pairs(tmp_path):
    for side in ("input", "target"):
        (tmp_path / "pairs" / side).mkdir(parents=True)
        pixels = np.random.default_rng(len(side)).integers(0, 256, (32, 32, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "pairs" / side / "a.png")
    return tmp_path / "pairs"


def test_open_model_and_restorer_take_a_name(shipped):
    assert isinstance(open_model("denoise_small"), HINet)
    assert open_model("denoise_small", local=True).norm == "local"
    assert Restorer("denoise_small").restore(np.zeros((20, 30), np.uint8)).shape == (20, 30)


def test_an_unknown_model_names_the_presets(shipped):
    with pytest.raises(ValueError, match=r"No such model.*denoise_small, derain_small"):
        open_model("denoise_larger")


def test_hinet_restore_without_a_model_denoises(shipped, network, photo, tmp_path, capsys):
    command = [str(photo), "--out", str(tmp_path / "out")]
    assert restore_command.main(command) == 2
    errors = capsys.readouterr().err
    assert "'denoise_0.25x'" in errors and "denoise_small, derain_small" in errors
    write_preset(shipped, card_of("denoise_0.25x"), network)
    assert restore_command.main(command) == 0
    restored = np.asarray(Image.open(tmp_path / "out/photo.png"))
    expected = Restorer("denoise_0.25x", engine="auto", precision="auto").restore(
        np.asarray(Image.open(photo))
    )
    np.testing.assert_array_equal(restored, expected)


def test_a_gray_photo_through_a_colour_preset_stays_gray(shipped, tmp_path, network):
    Image.fromarray(np.full((20, 20), 90, np.uint8)).save(tmp_path / "gray.png")
    command = [str(tmp_path / "gray.png"), "--model", "denoise_small", "--out", str(tmp_path / "o")]
    assert restore_command.main(command) == 0
    assert Image.open(tmp_path / "o/gray.png").mode == "L"


def test_a_damaged_preset_is_one_line(shipped, photo, tmp_path, capsys):
    (shipped / "denoise_small.npz").write_bytes(b"PK")
    command = [str(photo), "--model", "denoise_small", "--out", str(tmp_path / "out")]
    assert restore_command.main(command) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and "SHA-256" in lines[0] and "Reinstall" in lines[0]


def test_check_task(shipped):
    check_task("derain_small", "derain")
    check_task("derain_small", "denoise", force=True)
    check_task("some.keras", "denoise")
    with pytest.raises(ValueError, match="derain_small is a preset for derain"):
        check_task("derain_small", "denoise")


def test_evaluate_refuses_a_preset_of_another_task(shipped, pairs, tmp_path, capsys):
    command = ["--task", "denoise", "--model", "derain_small", "--data", str(pairs)]
    command += ["--protocol", "matlab"]
    assert evaluate.main(command) == 2
    assert "preset for derain" in capsys.readouterr().err
    assert evaluate.main([*command, "--force"]) == 0
    command[3] = "denoise_small"
    assert evaluate.main([*command, "--json", str(tmp_path / "scores.json")]) == 0
    assert json.loads((tmp_path / "scores.json").read_text())["models"][0]["images"] == 1


def test_training_starts_from_a_preset(shipped, tmp_path, capsys, without_pictures):
    run = tmp_path / "run"
    command = ["--task", "denoise", "--init", "derain_small", "--run", str(run), *TRAINING]
    assert train(command) == 2
    assert "preset for derain" in capsys.readouterr().err and not run.exists()
    assert train([*command, "--force"]) == 0
    # Two steps of 1e-7 move no weight by more than that each.
    trained, start = open_model(run / "last.keras"), HINet.from_preset("derain_small")
    for after, before in zip(trained.get_weights(), start.get_weights(), strict=True):
        np.testing.assert_allclose(after, before, atol=1e-6)


def test_training_of_another_size_names_the_presets_size(shipped, tmp_path, capsys):
    command = ["--task", "derain", "--init", "derain_small", "--run", str(tmp_path / "run")]
    assert train([*command, *TRAINING, "--scale", "0.125"]) == 1
    assert "Use --scale 0.0625" in capsys.readouterr().err
    assert train([*command, *TRAINING, "--set", "depth=4"]) == 1
    assert "depth=3; this training has depth=4. Use --set depth=3." in capsys.readouterr().err


def test_training_from_nothing_names_the_presets(shipped, tmp_path, capsys):
    command = ["--task", "denoise", "--init", "nothing", "--run", str(tmp_path / "run")]
    assert train([*command, *TRAINING]) == 2
    assert "or a preset: denoise_small, derain_small" in capsys.readouterr().err


def test_exports_carry_licence_and_data(shipped, tmp_path, monkeypatch):
    known = model_details("derain_small")
    assert (known["task"], known["license"]) == ("derain", "MIT")
    assert known["training_data"] == "photos (CC0)"
    assert model_details("some.keras") == {}
    seen = {}

    class Stop(Exception):
        pass

    def export(*arguments, details, **options):
        seen.update(details)
        raise Stop

    for program, name in (
        (export_tflite, "tflite.export.export_tflite"),
        (export_saved_model, "saved_model.export.export_saved_model"),
    ):
        monkeypatch.setattr(f"hinet_tf.deploy.{name}", export)
        out = str(tmp_path / "out.tflite")
        command = ["--model", "derain_small", "--out", out, "--license", "mine"]
        with pytest.raises(Stop):
            program.main(command)
        assert seen == {**known, "license": "mine"}
        seen.clear()
        assert program.main([*command, "--task", "denoise"]) == 2


def test_presets_are_not_looked_for_elsewhere(monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="No such model"):
        open_model("denoise_0.25x")
