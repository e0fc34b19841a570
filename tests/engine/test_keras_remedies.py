"""Tells when Keras needs no remedies any more."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("train_in_process.py")


# Another answer can only come with another Keras, which pyproject.toml pins.
@pytest.mark.slow
def test_keras_still_needs_its_remedies(tmp_path, free_port):
    """If this fails, remove hinet_tf/engine/keras_remedies.py: Keras trains on workers by itself.

    That training works with them is what test_same_training.py shows.
    """
    addresses = [f"localhost:{free_port()}" for _ in range(2)]
    processes = []
    for index in range(2):
        config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        trainings = json.dumps([{"steps": 1}])
        processes.append(
            subprocess.Popen(
                [sys.executable, str(SCRIPT), "1", trainings, "--without-remedies"],
                env={**os.environ, "TF_CONFIG": json.dumps(config)},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    outputs = [process.communicate(timeout=400)[0] for process in processes]
    assert all(process.returncode for process in processes)
    assert any("PerReplica" in output for output in outputs), outputs[0][-2000:]
