"""Other engines than LiteRT for a benchmark, where they are installed."""

import importlib.util
import runpy
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hinet_tf.deploy.benchmark.recipes import MakeRunner
from hinet_tf.inference.engines.openvino_engine import OpenVINOEngine
from hinet_tf.models import HINet


def openvino_engine(file: Path) -> MakeRunner | None:
    """OpenVINO on a float32 `.tflite` file; `None` where it is not installed."""
    if importlib.util.find_spec("openvino") is None:
        return None

    def make_runner(image: np.ndarray, threads: int) -> Callable[[], np.ndarray]:
        restore = OpenVINOEngine(file, size=image.shape[:2], num_threads=threads)
        return lambda: restore(image[np.newaxis])[0]

    return make_runner


def torch_engine(model: HINet, source: Path) -> MakeRunner | None:
    """PyTorch with the model's weights, eager; `None` where it is not installed.

    Args:
        model: The network.
        source: The same network in PyTorch, `benchmarks/torch_hinet.py` of a checkout; the wheel
            does not hold it.
    """
    if importlib.util.find_spec("torch") is None or not source.is_file():
        return None
    import torch

    from_keras = runpy.run_path(str(source))["from_keras"]
    network = from_keras(model).to(memory_format=torch.channels_last)

    def make_runner(image: np.ndarray, threads: int) -> Callable[[], np.ndarray]:
        # A view of NHWC memory is PyTorch's own `channels_last`.
        tensor = torch.from_numpy(image[np.newaxis]).permute(0, 3, 1, 2)

        def restore() -> np.ndarray:
            torch.set_num_threads(threads)
            with torch.inference_mode():
                return network(tensor)[1].permute(0, 2, 3, 1)[0].numpy()

        return restore

    return make_runner
