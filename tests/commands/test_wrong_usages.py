"""Wrong usages of every command: one line, exit code 2, in the user's words, without TensorFlow."""

import contextlib
import io
import json
import os
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

# What is typed after `hinet`, and what its one line must say. The folder they run in holds
# photo.png, photos/ (two images), empty/, notes.txt, a.tflite (no model) and cut.keras (damaged).
TRAIN = "train --task denoise"
DEVICE = "train-on-device --task denoise"
SCORE = "evaluate --task denoise --model denoise_0.25x --data photos"
TFLITE = "export tflite --model denoise_0.25x --out new.tflite"
SAVED = "export saved-model --model denoise_0.25x --out models"
TIMES = "benchmark --model denoise_0.25x --out times"
RESTORE = "restore photo.png --out new"
CASES = [
    ("", "no command given"),
    ("restor photo.png", "did you mean hinet restore?"),
    ("export", "expected hinet export tflite"),
    ("photo.png", "did you mean hinet restore photo.png --out restored?"),
    ("denoise photo.png", "did you mean hinet restore --model PRESET"),
    ("restore photo.png --out a.bmp", "--out a.bmp: .bmp is not written; use .png"),
    ("restore photo.png --out a.heic", "--out a.heic: .heic is not written; use .png"),
    (f"{TRAIN} --epochs 3", "unrecognized arguments: --epochs 3; did you mean --steps?"),
    (f"{TRAIN} --batch_size 3", "--batch_size 3; did you mean --batch?"),
    ("export onnx", "no such command: hinet export onnx"),
    ("completion fish", "'fish'"),
    ("presets denoise", "expected one of: deblur_0.25x"),
    ("data check nowhere", "nowhere is no folder"),
    ("data check photo.png", "photo.png is no folder"),
    ("data", "check"),
    ("restore photo.png", "required: --out"),
    ("restore photo.png --ot new", "unrecognized arguments: --ot; did you mean --out?"),
    ("restore photo.png --modle a.keras", "--modle; did you mean --model?"),
    ("restore photo.png -- --modle", "required: --out"),
    ("restore nothing.png --out new", "No such file, folder or pattern: nothing.png"),
    ("restore empty --out new", "No images"),
    ("restore '' --out new", "INPUT: expected a value. Received: an empty one"),
    ("restore photo.png --out ''", "--output: expected a value. Received: an empty one"),
    (f"{SCORE} --set sigma=5", "--set sigma: degradation=sensor_noise has none"),
    (f"{TRAIN} --set quality=5", "add --set degradation=photo_noise or jpeg or photo_blur"),
    ("train --task derain --set sigma=5", "--set sigma: degradation=rain has none"),
    (f"{RESTORE} --tile 100", "--tile must be a multiple of 16, such as 96. Received: 100"),
    (f"{RESTORE} --tile 0", "--tile must be at least 1, received 0"),
    (f"{RESTORE} --strength 2", "--strength: 2 is not a number from 0 to 1"),
    (f"{RESTORE} --tile big", "--tile must be a whole number, received big"),
    (f"{RESTORE} --tile 64 --overlap 40", "--overlap 40 is more than a third of --tile 64"),
    (f"{RESTORE} --overlap -1", "--overlap must be at least 0"),
    (f"{RESTORE} --batch-size 0", "--batch-size must be at least 1, received 0"),
    (f"{RESTORE} --quality 101", "--quality must be a whole number from 1 to 100"),
    (f"{RESTORE} --memory none", "--memory: expected a size such as 2G"),
    (f"{RESTORE} --max-pixels 0", "--max-pixels must be at least 1"),
    (f"{RESTORE} --format bmp", "--format: invalid choice: 'bmp'"),
    (f"{RESTORE} --engine onnx", "--engine: invalid choice: 'onnx'"),
    (f"{RESTORE} --engine litert", "--engine litert runs .tflite files"),
    (f"{RESTORE} --precision float16", "--precision: invalid choice"),
    (f"{RESTORE} --overwrite --skip-existing", "--skip-existing"),
    (f"{RESTORE} --model denoise_0.25", "did you mean denoise_0.25x"),
    (f"{RESTORE} --model gone.keras", "No such model file. Received: gone.keras"),
    (f"{RESTORE} --model gone.pth", "megvii-model/HINet"),
    (f"{RESTORE} --model photos", "neither a SavedModel"),
    (f"{RESTORE} --model photo.png", "no model by its name"),
    (f"{RESTORE} --model a.tflite --local", "--local: an exported model keeps"),
    ("restore photo.png --out notes.txt", "notes.txt is a file; expected a folder"),
    ("restore photo.png --out notes.txt/new", "notes.txt is a file; expected a folder"),
    ("restore photo.png photo.png --out a.png", "is a file, which takes one input file"),
    ("restore photos --out a.jpg", "is a file, which takes one input file"),
    ("restore photo.png --out a.jpg --format png", "leave out --format"),
    ("restore photo.png --out photo.png", "would replace its own source"),
    ("restore photo.png --out photos/../.", "would replace its own source"),
    ("train", "--task"),
    ("train --task superres", "--task: invalid choice: 'superres'"),
    (f"{TRAIN} --recipe gopro", "expected one of: denoise, sidd"),
    (f"{TRAIN} --patch 100", "--patch must be a multiple of 16. Received: 100"),
    (f"{TRAIN} --batch two", "--batch must be an integer. Received: 'two'"),
    (f"{TRAIN} --batch 0", "--batch must be at least 1"),
    (f"{TRAIN} --accumulate 3", "cannot be divided evenly into 3 parts"),
    (f"{TRAIN} --steps 0", "--steps must be at least 1"),
    (f"{TRAIN} --scale 9", "--scale must be a multiple of 1/32 up to 8"),
    (f"{TRAIN} --lr 2", "--lr must be between 0 and 1"),
    (f"{TRAIN} --precision half", "--precision must be one of float32"),
    (f"{TRAIN} --set learning_rate", "learning_rate has no value"),
    (f"{TRAIN} --set colour=1", "Unknown recipe key"),
    (f"{TRAIN} --set beta_1=1", "--set beta_1 must be at least 0 and less than 1"),
    (f"{TRAIN} --data nowhere", "'nowhere' is not there"),
    (f"{TRAIN} --data empty", "no usable image"),
    (f"{TRAIN} --data photo.png", "photo.png is a file; expected the folder"),
    (f"{TRAIN} --data nowhere --dry-run", "'nowhere' is not there"),
    (f"{TRAIN} --init nothing", "or a preset: deblur_0.25x"),
    (f"{TRAIN} --init photos", "expected a run directory with best.keras"),
    (f"{TRAIN} --init derain_0.25x", "derain_0.25x is a preset for derain"),
    (f"{TRAIN} --run notes.txt", "--run notes.txt: notes.txt is a file"),
    (f"{DEVICE} --precision float16", "float16 needs a loss scale"),
    (f"{DEVICE} --data nowhere", "'nowhere' is not there"),
    (f"{SCORE} --limit 0", "--limit must be at least 1, received 0"),
    (f"{SCORE} --protocol best", "unknown protocol 'best'"),
    (f"{SCORE} --tile 50", "--tile must be a multiple of 16"),
    (f"{SCORE} --set sigma", "KEY=VALUE"),
    (f"{SCORE} --json photos", "--json photos is a folder"),
    (f"{SCORE} --images notes.txt", "--images notes.txt: notes.txt is a file"),
    ("evaluate --task derain --model denoise_0.25x --data photos", "a preset for denoise"),
    ("evaluate --task denoise --model gone.tflite --data photos", "No such model file"),
    ("evaluate --task denoise --model denoise_0.25x --data nowhere", "'nowhere' is not there"),
    ("convert --torch gone.pth --out new.keras", "gone.pth"),
    ("convert --torch gone.pth --out new.h5", "--out must end in .keras"),
    ("convert --torch gone.keras --out new.keras", "--torch must end in .pth"),
    (f"{TFLITE} --size 30x32", "multiples of 16 from 16 to 8192. Received: 30x32"),
    (f"{TFLITE} --size 256", "'256' is no size; expected HxW"),
    (f"{TFLITE} --max-drop -1", "--max-drop must not be negative"),
    (f"{TFLITE} --quantization int4", "--quantization: invalid choice: 'int4'"),
    (f"{TFLITE} --photos nowhere", "--photos: 'nowhere' is not there"),
    (f"{TFLITE} --calibration empty", "--calibration: no usable image"),
    (f"{TFLITE} --task derain", "a preset for denoise"),
    ("export tflite --model denoise_0.25x --out new.keras", "--out must end in .tflite"),
    ("export tflite --model denoise_0.25x --out photos", "--out photos is a folder"),
    ("export tflite --model denoise_0.25x --out a.tflite", "pass --overwrite"),
    ("export tflite --model a.tflite --out new.tflite", "a.tflite is exported already"),
    (f"{SAVED} --version 0", "positive integers"),
    (f"{SAVED} --jpeg 0", "--jpeg must be a whole number from 1 to 100, received 0"),
    (f"{SAVED} --tile 50", "--tile must be a multiple of 16"),
    (f"{SAVED} --scores missing.json", "no readable JSON"),
    ("export saved-model --model denoise_0.25x --out notes.txt", "notes.txt is a file"),
    ("export web --out page --model gone.keras", "No such model file. Received: gone.keras"),
    ("export web --out page --size 30x32", "--size: height and width must be multiples of 16"),
    ("export web --out photos", "photos exists and is no page"),
    ("export android --model gone.keras --out project", "No such model file"),
    ("export android --model a.tflite --out project", "a.tflite is exported already"),
    ("export android --model denoise_0.25x --out photos", "photos exists"),
    ("app --model nothing", "No such model. Received: 'nothing'"),
    (f"{TIMES} --runs 0", "--runs must be at least 1"),
    # Results among what is read, or in the place of it.
    (f"{SCORE} --images photos", "--images photos is among the images of --data photos; choose"),
    (
        f"{SCORE} --gallery photos/page",
        "--gallery photos/page is among the images of --data photos",
    ),
    (f"{TRAIN} --data photos --run photos/run", "--run photos/run is among the images of --data"),
    (f"{TIMES} -o photos/new --photos photos", "--out photos/new is among the images of --photos"),
    (
        f"{TIMES} -o photos --calibration photos",
        "--out photos is among the images of --calibration",
    ),
    (f"{RESTORE} --json photo.png", "--json must end in .json, received photo.png"),
    ("data check photos --json photos/a.png", "--json must end in .json"),
    ("presets --json photo.png", "--json must end in .json"),
    (f"{TIMES} --threads 0", "--threads must be at least 1"),
    (f"{TIMES} --size 17x16", "multiples of 16"),
]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Code and streams of every case, all run in one process that must not import TensorFlow."""
    folder = tmp_path_factory.mktemp("wrong")
    for name in ("photo.png", "photos/a.png", "photos/b.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(folder / name)
    (folder / "empty").mkdir()
    (folder / "notes.txt").write_text("a file")
    (folder / "a.tflite").write_bytes(b"x")
    words = [shlex.split(case) for case, _ in CASES]
    (folder / "cases.json").write_text(json.dumps(words))
    before = _contents(folder)
    run = subprocess.run(
        [sys.executable, __file__, "cases.json"], cwd=folder, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert _contents(folder) == before
    return json.loads(run.stdout)


def _contents(folder):
    return {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case or "nothing" for case, _ in CASES])
def test_wrong_usage_is_one_line_at_once(outcomes, number):
    code, out, error, imported = outcomes[number]
    assert code == 2 and out == "", error
    assert error.startswith("error: ") and error.count("\n") == 1, error
    assert CASES[number][1] in error
    assert "`" not in error and "Errno" not in error
    assert not imported


def test_a_damaged_model_is_called_damaged(tmp_path, capsys, monkeypatch):
    from hinet_tf.commands.hinet import main

    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save("photo.png")
    Path("cut.keras").write_bytes(b"PK\3\4 and no more")
    assert main("restore photo.png --out new --model cut.keras".split()) == 1
    error = capsys.readouterr().err
    assert "cut.keras is not a readable .keras file" in error and error.count("\n") == 1


def test_what_is_not_installed_is_named(tmp_path, capsys, monkeypatch):
    import importlib.util

    from hinet_tf.commands.hinet import main

    monkeypatch.chdir(tmp_path)
    Path("official.pth").write_bytes(b"x")
    find = importlib.util.find_spec
    absent = ("jax", "torch", "wandb", "tensorflow_datasets")
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in absent else find(name)
    )
    for words, message in (
        ("train-on-device --task denoise", "pip install jax"),
        ("train --task denoise --wandb x", "hinet-tf[wandb]"),
        ("train --task denoise --data tfds:sidd", "hinet-tf[data]"),
        ("convert --torch official.pth --out new.keras", "hinet-tf[torch]"),
    ):
        assert main(words.split()) == 2
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1


def test_a_folder_that_may_not_be_written_to_is_refused_at_once(tmp_path, capsys, monkeypatch):
    from hinet_tf.commands.hinet import main

    # A superuser may write to any.
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and access(path, mode))
    out = tmp_path / "new"
    for command in (
        f"{TRAIN} --run",
        "export saved-model --model denoise_0.25x --out",
        "export web --out",
        "export android --out",
    ):
        assert main([*command.split(), str(out)]) == 2
        error = capsys.readouterr().err
        assert f"no permission to write to {tmp_path}" in error and error.count("\n") == 1


def test_what_may_not_be_read_is_said_to_be_so(tmp_path, capsys, monkeypatch):
    from hinet_tf.commands.hinet import main

    monkeypatch.chdir(tmp_path)
    Path("secret.keras").touch()
    Path("secret").mkdir()
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: "secret" not in str(path) and access(path, mode)
    )
    for command, name in (
        ("restore photo.png --out new --model secret.keras", "secret.keras"),
        ("export tflite --model secret.keras --out new.tflite", "secret.keras"),
        ("train --task denoise --data secret", "secret"),
        ("data check secret", "secret"),
    ):
        assert main(command.split()) == 1
        assert capsys.readouterr().err == f"error: {name}: Permission denied.\n"


@pytest.mark.parametrize(("url", "package"), [("http://h", "requests"), ("grpc://h", "grpc")])
def test_the_client_without_its_packages(tmp_path, capsys, monkeypatch, url, package):
    file = Path(__file__).parents[2] / "export" / "serving" / "client.py"
    client = runpy.run_path(str(file))
    monkeypatch.setitem(sys.modules, package, None)
    assert client["main"](["photo.jpg", "--url", url, "--out", str(tmp_path / "new")]) == 2
    error = capsys.readouterr().err
    assert f"{package} is not installed: pip install" in error and error.count("\n") == 1


def _run_all(file: str) -> None:
    from hinet_tf.commands.hinet import main

    outcomes = []
    for words in json.loads(Path(file).read_text()):
        out, error = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            try:
                code = main(words)
            except SystemExit as exit_:
                code = exit_.code
        imported = [name for name in ("tensorflow", "keras") if name in sys.modules]
        outcomes.append((code, out.getvalue(), error.getvalue(), imported))
    print(json.dumps(outcomes))


if __name__ == "__main__":
    _run_all(sys.argv[1])
