"""Where the time of a training step goes: data, forward, backward, optimizer.

    python benchmarks/training_profile.py
    python benchmarks/training_profile.py --scale 0.25 --patch 128 --batch 8 --precision bfloat16

Measured in turns, each as `train.py` compiles it: the forward pass with the loss, forward and
backward, and the whole step; then the pipeline alone. Backward and optimizer are
differences of medians. In a training the pipeline works while the step does, on the same cores of
a CPU and for nothing beside an accelerator; the last line is a step of `fit`, data included.
"""

import argparse
import json
import os
import statistics
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

from hinet_tf.data import open_sources
from hinet_tf.engine import recipe_parts
from hinet_tf.tasks import Recipe


def programs(recipe):
    """Returns name -> a function that runs it once."""
    network = recipe_parts.build_network(recipe)
    network.make_train_function()
    pipeline = iter(recipe_parts.training_data(recipe, open_sources(recipe.data, "train"), 0, 1, 0))
    degraded, clean = next(pipeline)
    held = iter(tf.data.Dataset.from_tensors((degraded, clean)).repeat())

    @tf.function
    def forward(x, y):
        outputs = network(x, training=True)
        return tf.add_n(network.stage_losses(x, y, outputs))

    @tf.function
    def backward(x, y):
        gradients, logs = network._gradients(x, y)
        # Nothing is left out as unused.
        return tf.add_n([tf.reduce_sum(g) for g in gradients]) + logs["loss"]

    return {
        "forward": lambda: float(forward(degraded, clean)),
        "forward and backward": lambda: float(backward(degraded, clean)),
        "step": lambda: float(network.train_function(held)["loss"]),
        "step with data": lambda: float(network.train_function(pipeline)["loss"]),
    }


def medians(recipe, rounds):
    """Returns name -> median seconds, the programs taking turns."""
    runs = programs(recipe)
    times = {name: [] for name in runs}
    for number in range(rounds + 2):
        for name, run in runs.items():
            begin = time.perf_counter()
            run()
            if number >= 2:
                times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(some) for name, some in times.items()}


def data_seconds(recipe, batches=16):
    """Seconds of the pipeline for a batch when nothing else runs, many in a row."""
    sources = open_sources(recipe.data, "train")
    pipeline = iter(recipe_parts.training_data(recipe, sources, 0, 1, 0))
    for _ in range(batches):
        next(pipeline)
    begin = time.perf_counter()
    for _ in range(batches):
        next(pipeline)
    return (time.perf_counter() - begin) / batches


def report(recipe, times):
    whole = times["step"]
    shares = {
        "forward": times["forward"],
        "backward": times["forward and backward"] - times["forward"],
        "optimizer": whole - times["forward and backward"],
    }
    print(f"{recipe.precision}, scale {recipe.scale}, batch {recipe.batch} of {recipe.patch}")
    for name, seconds in shares.items():
        print(f"  {name:15s} {seconds:.3f} s  {seconds / whole:.0%}")
    print(f"  {'step':15s} {whole:.3f} s")
    print(f"  {'data':15s} {times['data']:.3f} s  {times['data'] / whole:.0%} of a step, beside it")
    print(f"  {'step with data':15s} {times['step with data']:.3f} s", flush=True)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--scale", type=float, default=0.25)
    parser.add_argument("--patch", type=int, default=128)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--precision", help="float32 or bfloat16 (default: one after the other)")
    parser.add_argument("--out", help="also write the figures as JSON")
    args = parser.parse_args(argv)
    rows = []
    for precision in [args.precision] if args.precision else ["float32", "bfloat16"]:
        recipe = Recipe(
            task="denoise",
            scale=args.scale,
            patch=args.patch,
            batch=args.batch,
            precision=precision,
        )
        times = {**medians(recipe, args.rounds), "data": data_seconds(recipe)}
        report(recipe, times)
        rows.append({"precision": precision, **times})
    if args.out:
        Path(args.out).write_text(json.dumps(rows, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
