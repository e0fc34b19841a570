"""One device, two replicas, two workers and accumulation train the same network."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).with_name("train_in_process.py")


# What each process trains on how many devices, and what a training changes. Parts alone and
# replicas alone are slow tests: they can hardly fail where both together do not.
TRAININGS = {
    "one device": (1, {"one device": {}, "cores": {"accumulate": 2, "parts": 2}}),
    "two devices": (2, {"parts of replicas": {"accumulate": 4}}),
    "one device, slow": (1, {"parts": {"accumulate": 4}}),
    "two devices, slow": (2, {"replicas": {}}),
}


def start(replicas, trainings, environment=None):
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(replicas), json.dumps(trainings)],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process, timeout=400):
    output, _ = process.communicate(timeout=timeout)
    assert process.returncode == 0, output[-3000:]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What a process trains with an optimizer, once; results by name."""

    @functools.cache
    def results(process, optimizer):
        directory = tmp_path_factory.mktemp("trained")
        replicas, trainings = TRAININGS[process]
        outs = {name: str(directory / f"{name}.npz") for name in trainings}
        finish(
            start(
                replicas,
                [
                    {**changes, "optimizer": optimizer, "out": outs[name]}
                    for name, changes in trainings.items()
                ],
            )
        )
        return {name: np.load(out) for name, out in outs.items()}

    return results


def trained_by_two_workers(tmp_path, optimizer, free_port):
    addresses = [f"localhost:{free_port()}" for _ in range(2)]
    outs, processes = [], []
    for index in range(2):
        config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        outs.append(tmp_path / f"worker{index}.npz")
        training = {"optimizer": optimizer, "out": str(outs[index])}
        processes.append(start(1, [training], {"TF_CONFIG": json.dumps(config)}))
    for process in processes:
        finish(process)
    first, second = map(np.load, outs)
    for key in first.files:
        np.testing.assert_array_equal(first[key], second[key])
    return first


def weights(result):
    return np.concatenate([result[k].ravel() for k in result.files if not k.startswith("log/")])


def check_descent(one, other):
    np.testing.assert_allclose(weights(one), weights(other), rtol=0, atol=1e-6)
    # The clip was active in every step, or the test would not see where it is applied.
    assert one["log/gradient_norm"].min() > 1.0


def check_adam(one, other):
    np.testing.assert_allclose(one["log/loss"], other["log/loss"], rtol=0, atol=1e-3)
    close = np.abs(weights(one) - weights(other)) < 6e-5
    assert close.mean() > 0.99
    np.testing.assert_allclose(one["log/psnr"], other["log/psnr"], rtol=0, atol=1e-3)


CHECKS = {"descent": check_descent, "adam": check_adam}
# A wrong scale of the gradients shows in descent; Adam, which divides it out, may take its time.
DESCENT_FIRST = ["descent", pytest.param("adam", marks=pytest.mark.slow)]


@pytest.mark.parametrize("optimizer", DESCENT_FIRST)
@pytest.mark.parametrize(
    ("process", "name"),
    [
        ("one device", "cores"),
        ("two devices", "parts of replicas"),
        pytest.param("one device, slow", "parts", marks=pytest.mark.slow),
        pytest.param("two devices, slow", "replicas", marks=pytest.mark.slow),
    ],
)
def test_however_divided_trains_like_one_device(trained, optimizer, process, name):
    one_device = trained("one device", optimizer)["one device"]
    CHECKS[optimizer](one_device, trained(process, optimizer)[name])


@pytest.mark.parametrize("optimizer", DESCENT_FIRST)
def test_two_workers_train_like_one_device(tmp_path, trained, optimizer, free_port):
    other = trained_by_two_workers(tmp_path, optimizer, free_port)
    CHECKS[optimizer](trained("one device", optimizer)["one device"], other)
