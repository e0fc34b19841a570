"""Training on JAX, without TensorFlow, is the training of `train.py`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import PIL.Image
import pytest

from hinet_tf import HINet
from hinet_tf.commands.train import main as train_with_tensorflow
from hinet_tf.commands.train_on_device import main
from hinet_tf.data import builtin_photos
from hinet_tf.engine.checkpoints import Checkpoints
from hinet_tf.engine.json_log import JsonLog

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("device_in_process.py")
# What is compiled runs for a second; that LLVM optimizes it for a minute is of no use.
ENVIRONMENT = {
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
    "PYTHONPATH": str(ROOT),
}
STEPS = 6


@pytest.fixture(scope="module")
def arguments(tmp_path_factory):
    """A recipe with clean photos and pairs, each with images to validate on."""
    directory = tmp_path_factory.mktemp("data")
    photo = builtin_photos("val").images(0)[1]
    for split, places in (("train", (0, 60, 120)), ("val", (180,))):
        for place in places:
            clean = photo[place : place + 48, place : place + 64]
            for folder, image in (
                (directory / "photos" / split, clean),
                (directory / "pairs" / split / "target", clean),
                (directory / "pairs" / split / "input", clean // 2),
            ):
                folder.mkdir(parents=True, exist_ok=True)
                PIL.Image.fromarray(image).save(folder / f"{place}.png")
    HINet(width=4, depth=2).save(directory / "start.keras")
    return [
        *("--task", "denoise", "--data", f"{directory / 'photos'},{directory / 'pairs'}"),
        *("--scale", "0.0625", "--set", "depth=2", "--precision", "float32"),
        *("--patch", "16", "--batch", "4", "--steps", str(STEPS)),
        *("--set", "degradation=gaussian_noise", "--set", "shares=3,1", "--set", "ema=0.9"),
        *("--set", "learning_rate=1e-3", "--set", "validate_every=3", "--set", "save_every=3"),
        *("--init", str(directory / "start.keras")),
    ]


@pytest.fixture(scope="module")
def train_on_jax(tmp_path_factory):
    """Runs trainings in a process of their own; what one has compiled the next ones read."""
    cache = {
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path_factory.mktemp("compiled")),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }

    def run(*commands):
        result = subprocess.run(
            [sys.executable, str(SCRIPT), json.dumps(commands)],
            env={**os.environ, **ENVIRONMENT, **cache},
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stderr[-3000:]
        return result.stdout

    return run


@pytest.fixture(scope="module")
def runs(arguments, train_on_jax, tmp_path_factory):
    """One run on JAX from begin to end, one stopped after its first step and resumed."""
    directory = tmp_path_factory.mktemp("runs")
    whole, resumed = directory / "whole", directory / "resumed"
    stopped = [*arguments, "--run", str(resumed), "--stop-after", "0"]
    output = train_on_jax(
        [*arguments, "--run", str(whole)], stopped, [*arguments, "--run", str(resumed)]
    )
    assert "Stopped after step 1 of 6 and saved" in output
    return whole, resumed


def state(directory, step=STEPS):
    with np.load(Checkpoints(directory / "checkpoints").path(step)) as arrays:
        return {name: arrays[name] for name in arrays.files}


def test_resumed_run_is_the_uninterrupted_one_bit_for_bit(runs):
    whole, resumed = map(state, runs)
    assert whole.keys() == resumed.keys()
    for name in whole:
        np.testing.assert_array_equal(whole[name], resumed[name], err_msg=name)
    logs = [(run / "log.jsonl").read_text() for run in runs]
    assert logs[0] == logs[1] and logs[0].count("\n") == STEPS + 3


def test_trains_what_tensorflow_trains(arguments, runs, tmp_path, without_pictures):
    assert train_with_tensorflow([*arguments, "--run", str(tmp_path / "run")]) == 0
    logs = [JsonLog(run / "log.jsonl").records() for run in (runs[0], tmp_path / "run")]
    assert [r["step"] for r in logs[0]] == [r["step"] for r in logs[1]]
    for ours, theirs in zip(*logs, strict=True):
        assert ours.keys() == theirs.keys()
        for key in ours.keys() - {"kind"}:
            assert ours[key] == pytest.approx(theirs[key], rel=1e-3, abs=1e-3), key
    ours, theirs = state(runs[0]), state(tmp_path / "run")
    # The same names: each program can go on with the other's run.
    assert ours.keys() == theirs.keys()
    weights = [name for name in ours if name.startswith("network/")]
    differences = np.concatenate([np.abs(ours[n] - theirs[n]).ravel() for n in weights])
    assert differences.size == HINet(width=4, depth=2).count_params()
    # Six steps at 1e-3 move a weight by some 3e-3; see test_same_training.py for the rest.
    assert (differences < 6e-5).mean() > 0.99


def test_leaves_the_files_of_train(runs):
    names = {path.name for path in runs[0].iterdir()}
    assert names >= {"best.keras", "last.keras", "config.json", "log.jsonl", "report.html"}
    model = keras.saving.load_model(runs[0] / "last.keras")
    assert type(model) is HINet
    # The moving average, where it is on.
    averages = [v for name, v in state(runs[0]).items() if name.endswith("_average")]
    for variable, average in zip(model.trainable_variables, averages, strict=True):
        np.testing.assert_array_equal(variable.numpy(), average)


def test_tensorflow_goes_on_with_the_run_of_jax(arguments, runs, without_pictures):
    longer = [*arguments, "--run", str(runs[1]), "--steps", str(STEPS + 2)]
    assert train_with_tensorflow(longer) == 0
    records = JsonLog(runs[1] / "log.jsonl").records()
    steps = [r["step"] for r in records if r["kind"] == "train"]
    assert steps == list(range(1, STEPS + 3))


@pytest.mark.slow
def test_bfloat16_and_accumulation(arguments, train_on_jax, runs, tmp_path):
    commands = [
        [*arguments, "--run", str(tmp_path / "parts"), "--accumulate", "2"],
        [*arguments, "--run", str(tmp_path / "low"), "--precision", "bfloat16"],
    ]
    train_on_jax(*commands)
    whole, parts, low = (
        [r["loss"] for r in JsonLog(run / "log.jsonl").records() if r["kind"] == "train"]
        for run in (runs[0], tmp_path / "parts", tmp_path / "low")
    )
    np.testing.assert_allclose(parts, whole, rtol=0, atol=1e-3)
    np.testing.assert_allclose(low, whole, rtol=0, atol=0.5)
    weights = state(tmp_path / "low")
    assert {v.dtype for v in weights.values() if v.dtype.kind == "f"} == {np.dtype("float32")}


@pytest.mark.parametrize(
    ("options", "code", "expected"),
    [
        (["--precision", "float16"], 2, "bfloat16"),
        (["--accumulate", "3"], 2, "multiple of 3"),
        (["--set", "colour=1"], 2, "learning_rate"),
    ],
)
def test_wrong_usage(arguments, tmp_path, capsys, options, code, expected):
    assert main([*arguments, "--run", str(tmp_path / "run"), *options]) == code
    assert expected in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_ranges_of_a_quantized_training_move_as_in_tensorflow(arguments, train_on_jax, tmp_path):
    arguments = [*arguments, "--quantize", "int8", "--accumulate", "2"]
    train_on_jax([*arguments, "--run", str(tmp_path / "jax")])
    assert train_with_tensorflow([*arguments, "--run", str(tmp_path / "tensorflow")]) == 0
    ours, theirs = (
        keras.saving.load_model(tmp_path / name / "last.keras").quantization["ranges"]
        for name in ("jax", "tensorflow")
    )
    assert ours.keys() == theirs.keys() and len(ours) == 22
    differences = [np.abs(np.subtract(ours[n], theirs[n])).max() for n in ours]
    sizes = [np.subtract(*theirs[n][::-1]) for n in ours]
    # A part of the range is chosen: where two err alike, rounding decides.
    assert (np.divide(differences, sizes) < 0.01).mean() > 0.9
