"""One network in every recipe and by several engines, side by side in one process."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from hinet_tf.deploy.benchmark.latency import measure_latencies, peak_memory
from hinet_tf.deploy.benchmark.operator_times import operator_times
from hinet_tf.inference.engines.litert import TFLiteModel
from hinet_tf.metrics.psnr import psnr
from hinet_tf.models import HINet
from hinet_tf.native_log import silenced

PLAIN = "plain conversion"
# From an image and a number of threads to what restores the image once.
MakeRunner = Callable[[np.ndarray, int], Callable[[], np.ndarray]]


def measure_recipes(
    model: HINet,
    image: np.ndarray,
    files: Mapping[str, tuple[Path, float]],
    engines: Mapping[str, MakeRunner],
    threads: int,
    runs: int,
    on_run: Callable[[int], None] = lambda number: None,
) -> list[dict[str, Any]]:
    """Times a plain conversion, every file and every other engine in turns.

    Args:
        model: The network that all of them run.
        image: Float32 image `(height, width, channels)`.
        files: Exported files that take this size, each with the restored PSNR that it loses in
            decibels, by recipe.
        engines: Other engines with the same weights, by name.
        threads: Threads of the processor for each.
        runs: Timed runs of each.
        on_run: Called after each turn with its number.

    Returns:
        One row for each, the plain conversion first: times in milliseconds, agreement with the
        Keras model in decibels and, for files, size, memory, loss and operators by time.
    """
    plain = TFLiteModel(convert_plainly(model, image.shape[:2]), threads)
    runners = {PLAIN: lambda: plain.restore(image)}
    for name, (path, _) in files.items():
        loaded = TFLiteModel(path, threads)
        runners[name] = lambda loaded=loaded: loaded.restore(image)
    for name, engine in engines.items():
        runners[name] = engine(image, threads)
    expected = np.asarray(model(image[np.newaxis])["restored"])[0]
    agreement = {name: psnr(np.squeeze(run()), expected) for name, run in runners.items()}
    latencies = measure_latencies(runners, runs, on_run)
    rows = []
    for name, (median, p95) in latencies.items():
        row = {
            "name": name,
            "size": list(image.shape[:2]),
            "threads": threads,
            "median_ms": 1e3 * median,
            "p95_ms": 1e3 * p95,
            "faster_than_plain": latencies[PLAIN][0] / median,
            "agreement_db": agreement[name],
        }
        rows.append(row | (_of_file(*files[name], image.shape, threads) if name in files else {}))
    return rows


def convert_plainly(model: HINet, size: tuple[int, int]) -> bytes:
    """The conversion that anybody would try first: `TFLiteConverter.from_keras_model`.

    Its batch and size are static too, else XNNPACK would not take the transposed convolutions.
    """
    image = keras.Input(batch_shape=(1, *size, model.channels), name="image")
    restored = model(image)["restored"]
    with silenced():
        return tf.lite.TFLiteConverter.from_keras_model(keras.Model(image, restored)).convert()


def _of_file(path: Path, drop: float, shape: tuple[int, ...], threads: int) -> dict[str, Any]:
    memory = peak_memory(str(path), shape)
    times = operator_times(path.read_bytes(), threads)
    return {
        "drop_db": drop,
        "file_mb": path.stat().st_size / 1e6,
        "memory_mb": memory and memory / 1e6,
        "operators_ms": {kind: 1e3 * seconds for kind, seconds in times.items()},
    }
