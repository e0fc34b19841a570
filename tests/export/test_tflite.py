"""export/tflite.py as a user meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hinet_tf import HINet
from hinet_tf.commands.export_tflite import main, make_parser
from hinet_tf.inference.engines.litert import TFLiteModel

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    HINet(width=4, depth=2).save(path)
    return str(path)


def _one_line(capsys):
    error = capsys.readouterr().err
    lines = [line for line in error.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1 and "Traceback" not in error
    return lines[0]


def test_exports_several_sizes(keras_file, tmp_path, capsys):
    out = tmp_path / "model.tflite"
    arguments = ["--model", keras_file, "--out", str(out), "--quantization", "float32"]
    about = ["--task", "denoise", "--license", "CC0-1.0"]
    assert main([*arguments, "--size", "32x32", "--size", "16x48", *about]) == 0
    assert str(out) in capsys.readouterr().out
    assert sorted(TFLiteModel(out).sizes) == [(16, 48), (32, 32)]
    report = json.loads(out.with_suffix(".json").read_text())
    assert report["passed"] and report["metadata"]["license"] == "CC0-1.0"
    image = np.full((32, 32, 3), 0.5, np.float32)
    assert TFLiteModel(out).restore(image).shape == image.shape


def test_nothing_but_the_result_on_a_real_terminal(keras_file, tmp_path):
    out = tmp_path / "quiet.tflite"
    command = [sys.executable, "export/tflite.py", "--model", keras_file, "--out", out]
    run = subprocess.run(
        [*command, "--size", "32x32", "--fast"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        f"{out} ({out.stat().st_size / 1e6:.1f} MB), report in {out.with_suffix('.html')}"
    ]
    known = ("Rewriting", "Converting", "Verifying", "holds", "open")
    words = [line.split()[0] for line in run.stderr.splitlines() if line[:1].strip()]
    assert not [word for word in words if word in ("INFO:", "WARNING:") or word.startswith("I0")]
    assert set(known) <= set(words)


@pytest.mark.parametrize(
    "arguments, code, message",
    [
        (["--size", "31x32"], 2, "multiples of 2 from 2 to 8192. Received: 31x32"),
        (["--size", "0x32"], 2, "Received: 0x32"),
        (["--max-drop", "-1"], 2, "--max-drop must not be negative"),
        (["--photos", "nowhere"], 2, "'nowhere' is not there"),
        (["--quantization", "int8", "--calibration", "empty"], 2, "no usable image"),
    ],
)
def test_mistakes_are_one_line(keras_file, tmp_path, capsys, monkeypatch, arguments, code, message):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["--model", keras_file, "--out", "new.tflite", *arguments]) == code
    assert message in _one_line(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_an_existing_file_needs_overwrite(keras_file, tmp_path, capsys):
    out = tmp_path / "mine.tflite"
    out.write_bytes(b"precious")
    assert main(["--model", keras_file, "--out", str(out)]) == 2
    assert "--overwrite" in _one_line(capsys)
    assert out.read_bytes() == b"precious"


def test_a_model_that_is_no_hinet(tmp_path, capsys):
    import keras

    model = tmp_path / "other.keras"
    keras.Sequential([keras.layers.Input((16, 16, 3)), keras.layers.ReLU()]).save(model)
    assert main(["--model", str(model), "--out", str(tmp_path / "x.tflite")]) == 1
    assert "Only a hinet_tf.HINet can be exported" in _one_line(capsys)


def test_a_missing_model(tmp_path, capsys):
    assert main(["--model", "gone.keras", "--out", str(tmp_path / "x.tflite")]) == 2
    assert "gone.keras" in _one_line(capsys)


@pytest.mark.parametrize(
    "arguments", [["--quantization", "int4"], ["--size", "256"], ["--size", "-1x16"]]
)
def test_wrong_usage_is_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        make_parser().parse_args(["--model", "m.keras", "--out", "x.tflite", *arguments])
    assert exit_.value.code == 2
