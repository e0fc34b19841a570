"""Peak memory of a training step, measured beside the estimate of `train.py --dry-run`.

    python benchmarks/training_memory.py

Each configuration runs in a process of its own: two steps on random images; the growth of the
process's peak resident memory from before the network is made.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

CONFIGURATIONS = [
    {"scale": 0.0625, "patch": 64, "batch": 16, "accumulate": 4},
    {"scale": 0.125, "patch": 64, "batch": 4},
    {"scale": 0.125, "patch": 64, "batch": 16, "accumulate": 4},
    {"scale": 0.125, "patch": 128, "batch": 4},
    {"scale": 0.125, "patch": 128, "batch": 8},
    {"scale": 0.125, "patch": 128, "batch": 16, "accumulate": 4},
    {"scale": 0.25, "patch": 64, "batch": 16, "accumulate": 4},
    {"scale": 0.25, "patch": 128, "batch": 8},
    {"scale": 0.25, "patch": 256, "batch": 4},
    {"scale": 0.25, "patch": 128, "batch": 16},
    {"scale": 0.25, "patch": 128, "batch": 16, "accumulate": 4},
    {"scale": 0.25, "patch": 128, "batch": 8, "precision": "bfloat16"},
    {"scale": 0.25, "patch": 128, "batch": 16, "precision": "bfloat16"},
    {"scale": 0.5, "patch": 128, "batch": 4},
    {"scale": 0.5, "patch": 128, "batch": 8},
    {"scale": 0.5, "patch": 128, "batch": 8, "accumulate": 4},
    {"scale": 0.5, "patch": 128, "batch": 4, "precision": "bfloat16", "ema": 0.999},
    {"scale": 1.0, "patch": 128, "batch": 2},
]


def measure(options):
    """Returns measured and estimated bytes; runs in a fresh process."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import resource

    import numpy as np
    import psutil
    import tensorflow as tf

    from hinet_tf.engine import estimates, recipe_parts
    from hinet_tf.tasks import Recipe

    recipe = Recipe(task="denoise", **options)
    images = np.random.default_rng(0).random(
        (recipe.batch, recipe.patch, recipe.patch, 3), "float32"
    )
    tf.constant(0.0)
    before = psutil.Process().memory_info().rss
    network = recipe_parts.build_network(recipe)
    for _ in range(3):
        network.train_on_batch(images, images)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    share = recipe.batch // recipe.accumulate
    estimated = estimates.memory_bytes(recipe, network.count_params(), share)
    return {**options, "measured": peak, "estimated": estimated, "params": network.count_params()}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--out", help="also write the figures as JSON")
    args = parser.parse_args(argv)
    if args.only:
        print(json.dumps(measure(json.loads(args.only))))
        return 0
    rows = []
    for options in CONFIGURATIONS:
        command = [sys.executable, __file__, "--only", json.dumps(options)]
        result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        row = json.loads(result.stdout.splitlines()[-1])
        rows.append(row)
        ratio = row["estimated"] / row["measured"]
        print(
            f"{options}: measured {row['measured'] / 2**20:.0f} MiB, "
            f"estimated {row['estimated'] / 2**20:.0f} MiB ({ratio:.2f})",
            flush=True,
        )
    if args.out:
        Path(args.out).write_text(json.dumps(rows, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
