"""The command `hinet`: it finds its subcommands, answers at once, and is one with `-m hinet_tf`."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import hinet_tf
from hinet_tf.commands import completion, hinet, presets, restore, restore_progress
from hinet_tf.commands.checks import check_tiles
from hinet_tf.commands.collect_files import collect_jobs
from hinet_tf.commands.hinet import COMMANDS
from hinet_tf.commands.options import restorer_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def as_hinet(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/hinet"])


def test_help_version_and_tables_come_without_tensorflow_or_keras():
    script = (
        "import sys; from hinet_tf.commands.hinet import main\n"
        "codes = [main([word]) for word in ('--help', '--version', 'presets', 'nonsense')]\n"
        "print(codes, [name for name in ('tensorflow', 'keras', 'numpy') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.stdout.splitlines()[-1] == "[0, 0, 0, 2] []"
    module = [sys.executable, "-m", "hinet_tf", "--version"]
    version = subprocess.run(module, capture_output=True, text=True)
    assert version.stdout == f"hinet-tf {hinet_tf.__version__}\n"


def test_help_names_every_command_and_preset(capsys):
    assert hinet.main(["--help"]) == 0
    text = capsys.readouterr().out
    for name in (*COMMANDS, *hinet_tf.presets()):
        assert f"\n  {name}" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_command_speaks_of_hinet(as_hinet, capsys, name):
    with pytest.raises(SystemExit) as exit_:
        hinet.main([*name.split(), "--help"])
    text = capsys.readouterr().out
    assert exit_.value.code == 0 and text.startswith(f"usage: hinet {name} ")
    assert ".py --" not in text
    if "--model MODEL" in text:
        assert "denoise_0.25x" in text


@pytest.mark.parametrize("file", ["training/train.py", "export/tflite.py"])
def test_the_files_are_the_same_commands(capsys, file):
    run = subprocess.run([sys.executable, ROOT / file, "--help"], capture_output=True, text=True)
    command = "train" if "train" in file else "export tflite"
    assert run.stdout.startswith(f"usage: {Path(file).name} ")
    assert f"hinet {command} --" in run.stdout and file in run.stdout
    assert f"The same as `hinet {command}`" in (ROOT / file).read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no command given"),
        (["trian"], "did you mean hinet train?"),
        (
            ["export"],
            "expected hinet export tflite or hinet export saved-model or",
        ),
        (["export", "onnx"], "no such command: hinet export onnx"),
    ],
)
def test_a_command_that_there_is_not(capsys, words, message):
    assert hinet.main(words) == 2
    captured = capsys.readouterr()
    assert message in captured.err and captured.err.count("\n") == 1 and not captured.out


def test_ctrl_c_before_the_command_is_there(capsys, monkeypatch):
    def interrupted(name):
        raise KeyboardInterrupt

    monkeypatch.setattr(hinet.importlib, "import_module", interrupted)
    assert hinet.main(["restore", "photo.png"]) == 130
    assert capsys.readouterr().err == "error: Stopped by Ctrl-C; finished files stay.\n"


def test_a_full_disk_behind_the_help(capsys, monkeypatch):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr("sys.stdout", full)
        assert hinet.main(["--help"]) == 1
        # What is left in the buffer has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())
    assert "No space left on device" in capsys.readouterr().err


def test_presets_are_a_table_that_fits_a_terminal(capsys):
    assert presets.main([]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split() == ["preset", "task", "size", "params", "cost", "score"]
    assert max(map(len, (header, *rows))) <= 80
    row = next(row for row in rows if row.startswith("denoise_0.25x"))
    assert re.search(r"denoise +0\.25x +5\.55 M +9\.96 G +\d\d\.\d\d dB, Kodak24", row)


def test_presets_by_name_and_as_json(capsys):
    assert presets.main(["derain_0.25x"]) == 0
    text = capsys.readouterr().out
    assert "Limits:\n- " in text and "Licence: MIT" in text and "Rain100L" in text
    assert presets.main(["--json", "-"]) == 0
    assert {card["name"] for card in json.loads(capsys.readouterr().out)} == set(hinet_tf.presets())
    assert presets.main(["denoise"]) == 2
    assert "expected one of: deblur_0.25x" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_knows_commands_and_options(capsys, shell):
    pytest.importorskip("shtab")
    assert completion.main([shell]) == 0
    script = capsys.readouterr().out
    for word in ("saved-model", "train-on-device", "--quantization", "--self-ensemble", "dejpeg"):
        assert word in script
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "tiny.keras"
    hinet_tf.HINet(width=2, depth=2).save(path)
    return str(path)


def test_one_input_and_a_file_as_output(photo, model, tmp_path, capsys):
    out = tmp_path / "new" / "restored.jpg"
    report = tmp_path / "report.json"
    command = ["restore", str(photo), "--model", model, "-o", str(out), "--quiet"]
    assert hinet.main([*command, "--json", str(report)]) == 0
    assert Image.open(out).format == "JPEG"
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err == ""
    outcome = {"source": str(photo), "status": "restored", "target": str(out)}
    assert json.loads(report.read_text()) == [outcome]


def test_several_inputs_and_a_file_as_output_are_refused(photo, tmp_path, capsys):
    out = str(tmp_path / "restored.jpg")
    for inputs in ([str(photo), str(photo)], [str(photo.parent)]):
        assert restore.main([*inputs, "--output", out]) == 2
        assert f"--out {out} is a file, which takes one input file" in capsys.readouterr().err
    assert restore.main([str(photo), "--out", out, "--format", "png"]) == 2
    assert "leave out --format" in capsys.readouterr().err


def test_a_long_restoration_speaks_in_a_log_and_failures_are_never_silenced(
    photo, model, tmp_path, capsys, monkeypatch
):
    photos = photo.parent / "many"
    photos.mkdir()
    for name in ("0.png", "1.png", "2.png"):
        (photos / name).write_bytes(photo.read_bytes())
    (photos / "1.png").write_bytes(b"")
    monkeypatch.setattr(restore_progress, "SECONDS", 0.0)
    command = [str(photos), "--model", model, "--out", str(tmp_path / "out")]
    assert restore.main(command) == 1
    lines = capsys.readouterr().err.splitlines()
    line = re.compile(r"1 of 3, 0 failed, \d+\.\d\d images/s, \d+:\d\d:\d\d left")
    assert any(map(line.fullmatch, lines)) and "2 restored, 1 failed" in lines[-1]
    assert any(line.startswith("2 of 3, 1 failed, ") for line in lines)
    assert restore.main([*command, "--overwrite", "--quiet"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("failed: ")


def test_jpeg_is_a_format(photo, model, tmp_path):
    out = tmp_path / "out"
    command = [str(photo), "--model", model, "--out", str(out), "--format", "jpeg", "--quiet"]
    assert restore.main(command) == 0
    assert [path.name for path in out.iterdir()] == ["photo.jpg"]


def test_the_overlap_follows_the_tile():
    for words, overlap in (([], 32), (["--tile", "64"], 21), (["--tile", "256"], 32)):
        args = restore.make_parser().parse_args(["photo.png", "--out", "new", *words])
        check_tiles(args)
        assert restorer_settings(args)["overlap"] == overlap


def test_lr_is_the_learning_rate():
    from hinet_tf.commands.recipe_options import recipe_from
    from hinet_tf.commands.train import make_parser

    args = make_parser().parse_args(["--task", "denoise", "--lr", "3e-3"])
    assert recipe_from(args).learning_rate == 3e-3


def test_an_image_whose_suffix_says_nothing_becomes_png(tmp_path):
    for name in ("noext", "photo.PNG2", "a.gif", "b.JPG"):
        (tmp_path / name).touch()
    jobs = collect_jobs([str(path) for path in sorted(tmp_path.iterdir())], Path("new"))
    assert [job.target.name for job in jobs] == ["a.png", "b.JPG", "noext.png", "photo.png"]
