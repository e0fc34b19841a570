"""Throughput of one Restorer that several threads share, for each engine.

    python benchmarks/threads.py --model denoise_0.125x

Images of 256x256 in turns with 1, 2 and 4 threads, and beside them one Restorer per thread. Ratios
to one thread; the median of the rounds.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from hinet_tf import HINet, Restorer, export_tflite

_IMAGES, _ROUNDS = 16, 7


def _seconds(restorers: list[Restorer], images: list[np.ndarray]) -> float:
    with ThreadPoolExecutor(len(restorers)) as pool:
        begin = time.perf_counter()
        jobs = [(restorers[n % len(restorers)], image) for n, image in enumerate(images)]
        list(pool.map(lambda job: job[0].restore(job[1]), jobs))
        return time.perf_counter() - begin


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="denoise_0.125x", help="a preset")
    args = parser.parse_args(argv)
    images = [np.full((256, 256, 3), level, np.uint8) for level in range(_IMAGES)]
    print("| engine | images/s, 1 thread | 2 threads | 4 threads | 2 Restorers |")
    print("|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        tflite = Path(folder) / "model.tflite"
        export_tflite(HINet.from_preset(args.model), tflite, quantization="float32")
        for engine in ("tensorflow", "litert", "openvino"):
            model = tflite if engine == "litert" else args.model
            shared, other = (Restorer(model, engine=engine) for _ in range(2))
            setups = ([shared], [shared] * 2, [shared] * 4, [shared, other])
            times: list[list[float]] = [[] for _ in setups]
            for _ in range(_ROUNDS):
                for setup, row in zip(setups, times, strict=True):
                    row.append(_seconds(setup, images))
            one, *others = (_IMAGES / statistics.median(row) for row in times)
            ratios = " | ".join(f"{rate / one:.2f}x" for rate in others)
            print(f"| {engine} | {one:.1f} | {ratios} |", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
