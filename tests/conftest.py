"""What all tests share."""

import gc
import os
import random
import resource
import socket
from pathlib import Path

# Before TensorFlow is imported anywhere: no start-up chatter, and no grabbing of all GPU memory.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
# Compilation by XLA takes half the time, in JAX and in TensorFlow; what it computes stays.
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)

import numpy as np
import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_collection_finish():
    """What was imported stays: the garbage collector goes through it in vain, again and again."""
    gc.freeze()


@pytest.fixture
def golden():
    """Opens a file of numbers from the official code by name."""
    return lambda name: np.load(GOLDEN / name)


@pytest.fixture
def golden_path():
    return lambda name: GOLDEN / name


@pytest.fixture(scope="session")
def free_port():
    """Finds a port that nobody listens on."""

    def find():
        with socket.socket() as probe:
            probe.bind(("localhost", 0))
            return probe.getsockname()[1]

    return find


@pytest.fixture
def file_size_limit():
    """Ends files of this process at a size, as a full disk does, and returns the limit before."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
        # Python ignores the signal of the limit, so that the write fails.
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        return before

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.fixture
def without_pictures(monkeypatch):
    """Trainings end without curves and report, which take longer than their few steps."""
    for name in ("write_report", "learning_curve", "draw_pair"):
        monkeypatch.setattr(f"hinet_tf.engine.session.{name}", lambda path, *_: path.touch())


@pytest.fixture(autouse=True, scope="session")
def float32_by_default():
    """What is left to `auto` computes in float32 everywhere; tests of `auto` say otherwise."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hinet_tf.processor.has_fast_bfloat16", lambda: False)
        yield


@pytest.fixture(autouse=True)
def clean_keras_state():
    """Every test starts from the default policy and the same random numbers."""
    import keras

    keras.config.set_dtype_policy("float32")
    # What initializers draw their seeds from. `keras.utils.set_random_seed` would set TensorFlow's
    # as well, which compiles every function of the process anew.
    random.seed(0)
    np.random.seed(0)
    yield
    keras.config.set_dtype_policy("float32")
