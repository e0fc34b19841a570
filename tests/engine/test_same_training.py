"""One device, two replicas, two workers and accumulation train the same network."""

import functools
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).with_name("train_in_process.py")


def start(out, environment=None, **options):
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), json.dumps({**options, "out": str(out)})],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process, timeout=400):
    output, _ = process.communicate(timeout=timeout)
    assert process.returncode == 0, output[-3000:]


def trained(tmp_path, name, **options):
    out = tmp_path / f"{name}.npz"
    finish(start(out, **options))
    return np.load(out)


def free_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def trained_by_two_workers(tmp_path, name, **options):
    addresses = [f"localhost:{free_port()}" for _ in range(2)]
    processes = []
    for index in range(2):
        config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        out = tmp_path / f"{name}{index}.npz"
        processes.append(start(out, {"TF_CONFIG": json.dumps(config)}, **options))
    for process in processes:
        finish(process)
    first, second = (np.load(tmp_path / f"{name}{index}.npz") for index in range(2))
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


@pytest.fixture(scope="module")
def one_device(tmp_path_factory):
    directory = tmp_path_factory.mktemp("one_device")
    return {
        optimizer: trained(directory, optimizer, optimizer=optimizer)
        for optimizer in ("descent", "adam")
    }


CHECKS = {"descent": check_descent, "adam": check_adam}
# A wrong scale of the gradients shows in descent; Adam, which divides it out, may take its time.
DESCENT_FIRST = ["descent", pytest.param("adam", marks=pytest.mark.slow)]


@pytest.mark.parametrize("optimizer", DESCENT_FIRST)
def test_two_replicas_train_like_one_device(tmp_path, one_device, optimizer):
    other = trained(tmp_path, "replicas", optimizer=optimizer, replicas=2)
    CHECKS[optimizer](one_device[optimizer], other)


@pytest.mark.parametrize("optimizer", DESCENT_FIRST)
def test_two_workers_train_like_one_device(tmp_path, one_device, optimizer):
    other = trained_by_two_workers(tmp_path, "worker", optimizer=optimizer)
    CHECKS[optimizer](one_device[optimizer], other)


def test_parts_on_two_cores_train_like_one_device(tmp_path, one_device):
    other = trained(tmp_path, "cores", optimizer="descent", accumulate=2, parts=2)
    check_descent(one_device["descent"], other)


@pytest.fixture(scope="module")
def large_batch(tmp_path_factory):
    directory = tmp_path_factory.mktemp("large_batch")
    return functools.cache(
        lambda optimizer: trained(directory, optimizer, optimizer=optimizer, batch=16)
    )


@pytest.mark.parametrize("optimizer", DESCENT_FIRST)
@pytest.mark.parametrize("replicas", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_accumulation_trains_like_the_large_batch(tmp_path, large_batch, optimizer, replicas):
    options = {"batch": 16, "accumulate": 4, "replicas": replicas}
    parts = trained(tmp_path, "parts", optimizer=optimizer, **options)
    CHECKS[optimizer](large_batch(optimizer), parts)
