"""Commands that are killed at random moments: what each must leave behind."""

import importlib.util
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

# A command that was killed so often is let through, so that its repetition is tried as well.
_KILLS_IN_A_ROW = 3
_IMAGES = 12
# Seconds that a command may take to end when it is asked to, on a busy machine.
_PATIENCE = 300
_TRAINING = {"scale": 1 / 32, "patch": 32, "batch": 2, "save_every": 2, "validate_every": 4}
_TRAINING |= {"validation_images": 1, "degradation": "gaussian_noise"}


class Command(NamedTuple):
    """A command, and how its results are read.

    Args:
        words: From the folder of the inputs and the results' folder to what is typed.
        results: Reads every result that bears its final name: name to what must not differ.
    """

    words: Callable[[Path, Path], list[str]]
    results: Callable[[Path], dict[str, object]]


def make_inputs(root: Path) -> None:
    """Writes a small model, also as SavedModel, and the images that the commands work on."""
    from hinet_tf import HINet, export_saved_model

    model = HINet(width=2, depth=2, hin_levels=(0,))
    model.save(root / "model.keras")
    export_saved_model(model, root / "served")
    (root / "in").mkdir()
    for number in range(_IMAGES):
        image = np.random.default_rng(number).integers(0, 256, (64, 64, 3), np.uint8)
        Image.fromarray(image).save(root / "in" / f"{number:02}.png")


def _hinet(*words: object) -> list[str]:
    return [sys.executable, "-m", "hinet_tf", *map(str, words)]


def _model(root: Path) -> tuple[str, Path]:
    return "--model", root / "model.keras"


def _images(out: Path) -> dict[str, object]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*.png")}


def _restored_gray(path: Path) -> bytes:
    from hinet_tf import Restorer

    return Restorer(path).restore(np.full((32, 32, 3), 0.5, np.float32)).tobytes()


def _trained(out: Path) -> dict[str, object]:
    """The weights of whichever models are there; those of a run that goes on may still change."""
    import keras

    models = {}
    for path in (*out.glob("run/best.keras"), *out.glob("run/last.keras")):
        weights = keras.saving.load_model(path, compile=False).get_weights()
        models[path.name] = b"".join(array.tobytes() for array in weights)
    return models if (out / "run" / "report.html").exists() else dict.fromkeys(models)


def _versions(out: Path) -> dict[str, object]:
    """Whatever bears a number as its name is a whole SavedModel."""
    restored = {_restored_gray(path) for path in out.glob("[0-9]*")}
    return {"versions": restored} if restored else {}


def _opened(pattern: str) -> Callable[[Path], dict[str, object]]:
    return lambda out: {path.name: _restored_gray(path) for path in out.glob(pattern)}


COMMANDS = {
    "restore": Command(
        lambda root, out: _hinet(
            "restore", root / "in", *_model(root), "--out", out, "--skip-existing"
        ),
        _images,
    ),
    "train": Command(
        lambda root, out: _hinet(
            *("train", "--task", "denoise", "--steps", 10, "--run", out / "run"),
            *(word for key, value in _TRAINING.items() for word in ("--set", f"{key}={value}")),
        ),
        _trained,
    ),
    "tflite": Command(
        lambda root, out: _hinet(
            *("export", "tflite", *_model(root), "--out", out / "m.tflite", "--overwrite"),
            *("--size", "32x32", "--quantization", "float32"),
        ),
        _opened("*.tflite"),
    ),
    "saved-model": Command(
        lambda root, out: _hinet(
            "export", "saved-model", *_model(root), "--out", out, "--overwrite"
        ),
        _versions,
    ),
    "bulk": Command(
        lambda root, out: _hinet(
            *("bulk", "--input", root / "in" / "**", "--model", root / "served" / "1"),
            *("--out", out),
        ),
        _images,
    ),
}


def available() -> list[str]:
    """The commands that can run here: bulk work needs Beam."""
    beam = importlib.util.find_spec("apache_beam")
    return [name for name in COMMANDS if name != "bulk" or beam]


def killed_commands(
    rng: random.Random, goes_on: Iterator[bool], found, names: list[str] | None = None
) -> None:
    """Kills commands in turn: whole results or none, and the repeated command completes."""
    import tempfile

    names = names or available()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_inputs(root)
        expected, seconds = {}, {}
        for name in names:
            begin = time.monotonic()
            code = _run(COMMANDS[name].words(root, root / name), None, None)
            seconds[name] = time.monotonic() - begin
            expected[name] = COMMANDS[name].results(root / name)
            if code or not expected[name]:
                found.fault(f"{name} fails without a kill: exit code {code}", b"")
                return
        for turn, _ in enumerate(goes_on):
            name = names[turn % len(names)]
            out = root / f"{name}{turn}"
            for left in reversed(range(_KILLS_IN_A_ROW + 1)):
                # Most of the first third goes into imports.
                limit = seconds[name] * rng.uniform(0.2, 1) if left else None
                sent = rng.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT))
                begin = time.monotonic()
                try:
                    code = _run(COMMANDS[name].words(root, out), limit, sent)
                except subprocess.TimeoutExpired:
                    found.fault(f"{name} goes on after {sent!r}", b"")
                    return
                found.counts[f"{name}: {'finished' if code is not None else 'killed'}"] += 1
                results = COMMANDS[name].results(out) if out.exists() else {}
                for key, result in results.items():
                    if result is not None and result != expected[name].get(key):
                        found.fault(f"{name}: {key} is not what it is without a kill", b"")
                if code is not None:
                    # The machine may have become faster: the next kill is to come in time.
                    seconds[name] = time.monotonic() - begin
                    break
            if code or results.keys() != expected[name].keys():
                found.fault(f"{name}: the repeated command did not complete: {code}", b"")


def _run(words: list[str], limit: float | None, kill: int | None) -> int | None:
    """Runs a command; returns its exit code, or `None` if it was killed."""
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(words, **silent)
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        process.send_signal(kill)
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
    return None
