"""Expected efficiency of training on 1 to 64 GPUs, and two workers measured on this machine.

    python benchmarks/training_scaling.py
    python benchmarks/training_scaling.py --measure

The table is arithmetic on the assumptions at the top of this file. `--measure` trains the same
global batch in one process and in two worker processes, each process held to one core.
"""

import argparse
import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import time

# HINet 1x on 256x256 patches (benchmarks/README.md counts them).
MULTIPLY_ADDS = 157.6e9
PARAMETERS = 88_669_702
# Assumed: what one data-centre GPU sustains in convolutions with TF32 or bfloat16, what the links
# in a machine of eight carry per GPU, and what the network between machines carries per machine.
SUSTAINED_FLOPS = 50e12
LINK_BYTES = 200e9
NETWORK_BYTES = 25e9
GPUS_PER_MACHINE = 8
# Latency of one hop of a ring, and the number of packs that gradients travel in.
HOP_SECONDS, PACKS = 20e-6, 12


def all_reduce_seconds(gpus):
    """Ring all-reduce of float32 gradients: every GPU sends 2 (n - 1) / n of them."""
    if gpus == 1:
        return 0.0
    sent = 2 * (gpus - 1) / gpus * 4 * PARAMETERS
    bandwidth = LINK_BYTES if gpus <= GPUS_PER_MACHINE else NETWORK_BYTES
    return sent / bandwidth + 2 * (gpus - 1) * HOP_SECONDS * PACKS


def table(images_per_gpu=None, batch=None):
    """Prints step time and efficiency for a fixed share or a fixed global batch."""
    print("| GPUs | images per GPU | compute, ms | all-reduce, ms | step, ms | efficiency |")
    print("|---|---|---|---|---|---|")
    for gpus in (1, 2, 4, 8, 16, 32, 64):
        share = images_per_gpu or batch // gpus
        compute = 3 * 2 * MULTIPLY_ADDS * share / SUSTAINED_FLOPS
        exchange = all_reduce_seconds(gpus)
        step = compute + exchange
        print(
            f"| {gpus} | {share} | {compute * 1e3:.0f} | {exchange * 1e3:.0f} | "
            f"{step * 1e3:.0f} | {compute / step:.0%} |"
        )


def worker(batch):
    """Trains some steps on one core and prints the median time of a step."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    task = json.loads(os.environ["TF_CONFIG"])["task"]["index"] if "TF_CONFIG" in os.environ else 0
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[task]})
    import keras
    import numpy as np
    import tensorflow as tf

    from hinet_tf.engine import distribution, recipe_parts
    from hinet_tf.tasks import Recipe

    strategy = distribution.choose_strategy()
    recipe = Recipe(task="denoise", scale=0.25, patch=64, batch=batch)
    with strategy.scope():
        network = recipe_parts.build_network(recipe)
    pair = np.random.default_rng(0).random((2, batch, 64, 64, 3)).astype("float32")

    def pipeline(shards, shard):
        share = batch // shards
        return tf.data.Dataset.from_tensors((pair[0][:share], pair[1][:share])).repeat()

    times = []
    lap = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda step, logs: times.append(
            (time.perf_counter(), time.process_time())
        )
    )
    data = distribution.distribute(strategy, batch, pipeline)
    network.fit(data, steps_per_epoch=14, callbacks=[lap], verbose=0, shuffle=False)
    laps = [[b - a for a, b in itertools.pairwise(t)] for t in zip(*times, strict=True)]
    print(json.dumps([statistics.median(lap[3:]) for lap in laps]))


def start(batch, environment=None):
    command = [sys.executable, __file__, "--worker", str(batch)]
    environment = {**os.environ, **(environment or {})}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def answer(process):
    return json.loads(process.communicate()[0].splitlines()[-1])


def free_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def measure(batch=8):
    """Prints seconds per step of one process and of two workers with half of the batch each."""
    alone, half = (answer(start(images)) for images in (batch, batch // 2))
    addresses = [f"localhost:{free_port()}" for _ in range(2)]
    configs = [
        {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        for index in range(2)
    ]
    workers = [start(batch, {"TF_CONFIG": json.dumps(config)}) for config in configs]
    wall, processor = (max(times) for times in zip(*map(answer, workers), strict=True))
    print(f"scale 0.25, batch {batch} of 64x64, float32, one core per process")
    for name, (seconds, busy) in {
        "one process, whole batch": alone,
        "one process, half of the batch": half,
        "two workers": (wall, processor),
    }.items():
        print(f"  {name:32s} {seconds:.3f} s a step, {busy:.3f} s of processor")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--measure", action="store_true", help="train on this machine as well")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.worker:
        worker(args.worker)
        return 0
    print("Eight images on each GPU, as in the paper:")
    table(images_per_gpu=8)
    print("\nThe paper's batch of 64, however many GPUs:")
    table(batch=64)
    if args.measure:
        measure()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
