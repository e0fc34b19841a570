"""Two worker processes on one run directory: results, a lost worker, SIGTERM to one of them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hinet_tf.engine.checkpoints import Checkpoints
from hinet_tf.engine.json_log import JsonLog

pytestmark = pytest.mark.slow
COMMAND = Path(__file__).parents[2] / "training" / "train.py"
ARGUMENTS = [
    *("--task", "denoise", "--scale", "0.0625", "--set", "depth=2"),
    *("--patch", "16", "--batch", "4"),
    *("--set", "degradation=gaussian_noise", "--set", "save_every=1", "--set", "validate_every=50"),
]


def start_workers(directory, steps, free_port, directories=None):
    addresses = [f"localhost:{free_port()}" for _ in range(2)]
    command = [sys.executable, str(COMMAND), *ARGUMENTS, "--steps", str(steps)]
    return [
        subprocess.Popen(
            [*command, "--run", str((directories or [directory] * 2)[index])],
            env={
                **os.environ,
                "TF_CONFIG": json.dumps(
                    {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
                ),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(2)
    ]


def wait_for_step(directory, step, process):
    checkpoints = Checkpoints(directory / "checkpoints")
    while max(checkpoints.steps(), default=0) < step:
        assert process.poll() is None, process.communicate()[1]
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue


def finish(processes):
    results = [process.communicate(timeout=400) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], results
    return [output for output, _ in results]


def test_lost_worker_and_signal_to_one_worker(tmp_path, free_port):
    directory = tmp_path / "run"

    first, second = start_workers(directory, 400, free_port)
    wait_for_step(directory, 2, first)
    second.kill()
    second.communicate()
    _, error = first.communicate(timeout=400)
    assert first.returncode == 1
    lines = [line for line in error.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1 and "Another worker was lost" in lines[0], error

    reached = max(Checkpoints(directory / "checkpoints").steps())
    first, second = start_workers(directory, 400, free_port)
    wait_for_step(directory, reached + 2, first)
    second.send_signal(signal.SIGTERM)
    outputs = finish([first, second])
    assert "Stopped after step" in outputs[0]

    reached = max(Checkpoints(directory / "checkpoints").steps())
    finish(start_workers(directory, reached + 3, free_port))
    records = JsonLog(directory / "log.jsonl").records()
    steps = [record["step"] for record in records if record["kind"] == "train"]
    assert steps == list(range(1, reached + 4))
    assert (directory / "report.html").exists()


def test_workers_without_a_common_run_directory_are_refused(tmp_path, free_port):
    """The first session begins anywhere with the same weights; the second would not."""
    directories = [tmp_path / "one" / "run", tmp_path / "two" / "run"]
    finish(start_workers(None, 2, free_port, directories))
    workers = start_workers(None, 4, free_port, directories)
    results = [worker.communicate(timeout=400) for worker in workers]
    assert [worker.returncode for worker in workers] == [1, 1], results
    for (_, error), step in zip(results, (2, 0), strict=True):
        assert f"This worker goes on from step {step} and another one does not" in error
