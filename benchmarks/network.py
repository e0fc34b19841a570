"""Time and memory of the network on TensorFlow, beside the same network on Keras' PyTorch backend.

    python benchmarks/network.py --out results/network.json

Each measurement is a process of its own, so that its peak memory is its own. The two backends take
turns, round by round, so that a slow moment of the machine meets both. Read the ratios.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

BACKENDS = ("tensorflow", "torch")
PRECISIONS = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
WORK = {"step": (4, 128), "image": (1, 256)}
_WARM_UP = 2
_SECONDS = 8.0
_MOST_RUNS = 15


def measure(work: str, scale: float, precision: str) -> dict[str, float]:
    """Median seconds and peak memory of one kind of work in this process, on its backend."""
    import keras
    import numpy as np

    from hinet_tf import HINet
    from hinet_tf.losses import PSNRLoss
    from hinet_tf.optimizers import Adam

    keras.config.set_dtype_policy(PRECISIONS[precision])
    model = HINet(width=round(64 * scale))
    batch, side = WORK[work]
    x = np.random.default_rng(0).uniform(size=(batch, side, side, 3)).astype("float32")
    if work == "step":
        model.compile(Adam(1e-4), loss=PSNRLoss())
        run = lambda: model.train_on_batch(x, x)  # noqa: E731
    else:
        run = _inference(model, x)
    for _ in range(_WARM_UP):
        run()
    times = []
    while len(times) < 3 or (sum(times) < _SECONDS and len(times) < _MOST_RUNS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": statistics.median(times), "gigabytes": peak / 1e9}


def _inference(model, x):
    import keras

    if keras.backend.backend() == "torch":
        import torch

        image = torch.from_numpy(x)

        def run():
            with torch.inference_mode():
                return model(image, training=False)["restored"].numpy()

        return run
    import tensorflow as tf

    image = tf.constant(x)
    graph = tf.function(lambda image: model(image, training=False)["restored"])
    return lambda: graph(image).numpy()


def _in_process(backend: str, *arguments: str) -> dict[str, float]:
    result = subprocess.run(
        [sys.executable, __file__, "--worker", *arguments],
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return json.loads(result.stdout.splitlines()[-1])


def main() -> None:
    """Measures everything and prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--scales", nargs="+", type=float, default=[0.25, 0.5, 1.0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="JSON file for the numbers")
    args = parser.parse_args()
    if args.worker:
        work, scale, precision = args.worker
        print(json.dumps(measure(work, float(scale), precision)))
        return
    print("| work | scale | precision | TensorFlow | PyTorch | times faster | memory |")
    print("|---|---|---|---|---|---|---|")
    rows = []
    for work in WORK:
        for scale in args.scales:
            for precision in PRECISIONS:
                rounds = [
                    {b: _in_process(b, work, str(scale), precision) for b in BACKENDS}
                    for _ in range(args.rounds)
                ]
                rows.append(
                    {"work": work, "scale": scale, "precision": precision, "rounds": rounds}
                )
                print(_row(rows[-1]), flush=True)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(rows, indent=1))


def _row(row: dict) -> str:
    def median(value):
        return statistics.median(value(r) for r in row["rounds"])

    ratio = median(lambda r: r["torch"]["seconds"] / r["tensorflow"]["seconds"])
    seconds = [median(lambda r, b=b: r[b]["seconds"]) for b in BACKENDS]
    memory = [median(lambda r, b=b: r[b]["gigabytes"]) for b in BACKENDS]
    return (
        f"| {row['work']} | {row['scale']} | {row['precision']} | {seconds[0]:.3f} s | "
        f"{seconds[1]:.3f} s | {ratio:.2f} | {memory[0]:.1f} and {memory[1]:.1f} GB |"
    )


if __name__ == "__main__":
    main()
