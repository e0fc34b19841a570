"""The command that exports for a server."""

import importlib.util
import json
from pathlib import Path

import pytest
import tensorflow as tf

from hinet_tf import HINet
from hinet_tf.inference.saved_model_manifest import read_manifest

SCRIPT = Path(__file__).parents[2] / "export" / "saved_model.py"


@pytest.fixture(scope="module")
def main():
    spec = importlib.util.spec_from_file_location("export_saved_model", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    HINet(width=4, depth=2).save(path)
    return path


def test_every_option_reaches_the_manifest(main, model, tmp_path, capsys):
    (tmp_path / "scores.json").write_text('{"psnr": 31.5}')
    out = tmp_path / "models"
    code = main(
        [
            *("--model", str(model), "--out", str(out), "--version", "7", "--tile", "64"),
            *("--overlap", "16", "--max-pixels", "5000", "--jpeg", "90", "--no-webp", "--fast"),
            *("--task", "denoise", "--license", "MIT", "--scores", str(tmp_path / "scores.json")),
        ]
    )
    streams = capsys.readouterr()
    assert code == 0, streams.err
    manifest = read_manifest(out / "7")
    assert streams.out.startswith(f"{out / '7'}, fingerprint {manifest.fingerprint[:12]}")
    recipe = manifest.recipe
    assert (recipe.tile, recipe.overlap, recipe.max_pixels) == (64, 16, 5000)
    assert (recipe.jpeg_quality, recipe.webp, recipe.output) == (90, False, "stage1")
    assert manifest.about["scores"] == json.loads('{"psnr": 31.5}')
    assert (manifest.about["task"], manifest.about["training_data"]) == ("denoise", "unknown")
    assert set(tf.saved_model.load(str(out / "7")).signatures) == {
        "serving_default",
        "restore_float",
        "restore_uint8",
    }
    assert main(["--model", str(model), "--out", str(out), "--version", "7"]) == 2
    assert "exists; choose another --version" in capsys.readouterr().err


def test_compatible_leaves_out_what_an_older_tensorflow_lacks(main, model, tmp_path, capsys):
    """tests/legacy/ loads such a SavedModel in TensorFlow 2.15."""
    options = ["--model", str(model), "--out", str(tmp_path / "models"), "--compatible"]
    with pytest.raises(SystemExit) as stop:
        main([*options, "2.14"])
    assert stop.value.code == 2 and "2.15" in capsys.readouterr().err
    assert main([*options, "2.15"]) == 0
    assert "without WebP: it lacks the operation DecodeWebP" in capsys.readouterr().err
    assert not read_manifest(tmp_path / "models" / "1").recipe.webp
    assert b"DecodeWebP" not in (tmp_path / "models" / "1" / "saved_model.pb").read_bytes()


@pytest.mark.parametrize("version", ["0", "-1", "v2", "1.5", " ", "²"])
def test_a_version_that_no_server_finds(main, tmp_path, capsys, version):
    with pytest.raises(SystemExit) as stop:
        main(["--model", "x.keras", "--out", str(tmp_path), f"--version={version}"])
    assert stop.value.code == 2
    assert "positive integers" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options, code, message",
    [
        (["--tile", "50"], 2, "multiple of 16"),
        (["--scores", "missing.json"], 2, "no readable JSON"),
        (["--out", "/proc/models"], 1, "/proc/models"),
    ],
)
def test_mistakes_are_one_line(main, model, tmp_path, capsys, options, code, message):
    assert main(["--model", str(model), "--out", str(tmp_path / "out"), *options]) == code
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
    assert len(lines) == 1 and message in lines[0]
    assert not list(tmp_path.glob("out/*"))
