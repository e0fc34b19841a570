"""Runs killed at random moments end like the uninterrupted one, bit for bit."""

import multiprocessing
import random
import runpy
from pathlib import Path

import numpy as np
import pytest

from hinet_tf.engine.checkpoints import Checkpoints

SCRIPT = Path(__file__).with_name("run_quietly.py")
STEPS = 24
ARGUMENTS = [
    *("--task", "denoise", "--scale", "0.0625", "--set", "depth=2"),
    *("--patch", "16", "--batch", "2"),
    *("--set", "degradation=gaussian_noise", "--set", "learning_rate=1e-3", "--set", "ema=0.9"),
    *("--set", "save_every=1", "--set", "validate_every=8", "--steps", str(STEPS)),
]
# Processes that start with TensorFlow imported and nothing run.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["hinet_tf.engine.training_session"])


def start(directory):
    given = {"arguments": [*ARGUMENTS, "--run", str(directory)], "log": f"{directory}.log"}
    process = CONTEXT.Process(target=runpy.run_path, args=(str(SCRIPT), given))
    process.start()
    return process


def finish(directory):
    process = start(directory)
    process.join()
    assert process.exitcode == 0, Path(f"{directory}.log").read_text()


def kill_at_a_random_moment(directory, choice):
    """Kills a run somewhere between its start and its third new checkpoint."""
    checkpoints = Checkpoints(directory / "checkpoints")
    reached = max(checkpoints.steps(), default=0)
    target = min(reached + choice.randrange(4), STEPS)
    process = start(directory)
    while process.is_alive() and max(checkpoints.steps(), default=0) < target:
        process.join(0.002)
    # Into the middle of whatever comes next: a step, a validation, a file half written.
    process.join(choice.uniform(0.0, 0.3))
    process.kill()
    process.join()


@pytest.mark.parametrize("kills", [2, pytest.param(12, marks=pytest.mark.slow)])
def test_killed_run_ends_like_the_uninterrupted_one(tmp_path, kills):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    finish(whole)
    choice = random.Random(kills)
    for _ in range(kills):
        kill_at_a_random_moment(killed, choice)
    finish(killed)

    states = [np.load(run / "checkpoints" / f"step-{STEPS:08d}.npz") for run in (whole, killed)]
    assert states[0].files == states[1].files
    for name in states[0].files:
        np.testing.assert_array_equal(states[0][name], states[1][name], err_msg=name)
    assert (killed / "log.jsonl").read_text() == (whole / "log.jsonl").read_text()

    def names(directory):
        files = {path.relative_to(directory) for path in directory.rglob("*")}
        return {path for path in files if path.parts[0] != "tensorboard"}

    assert names(killed) == names(whole)
