"""Seconds per training step beside PyTorch, and the machine's matrix-multiply peak, in one run.

    python benchmarks/training_speed.py
    python benchmarks/training_speed.py --scale 0.25 --patch 128 --batch 8 --rounds 8

Network, PSNR loss on both stages, clip at norm 0.01 and Adam are the same on both sides: HINet
as `train.py` trains it, and `torch_hinet.py`, eager, in PyTorch's own memory layout and in
channels-last; and `train.py`'s network once more without a part of the batch for each core.
Each side is a process of its own; the sides take turns in an order that changes, so that a busy
machine slows all alike, and the first step of a turn does not count: it also pays for what the
side before left behind, half a step on some machines. Medians of wall time and of processor time.
Where other work runs beside it, PyTorch's threads wait for one another by spinning and neither
time means anything: use `--threads 1` there and compare processor time.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path


def keras_step(args, whole_batch=False):
    """Returns a function that makes one step of `train.py`'s network."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import numpy as np
    import tensorflow as tf

    if args.threads:
        tf.config.threading.set_intra_op_parallelism_threads(args.threads)
        tf.config.threading.set_inter_op_parallelism_threads(args.threads)
    from hinet_tf.engine import distribution, recipe_parts
    from hinet_tf.tasks import Recipe

    recipe = Recipe(
        task="denoise",
        scale=args.scale,
        patch=args.patch,
        batch=args.batch,
        precision=args.precision,
    )
    alone = args.threads or whole_batch
    parts = 1 if alone else distribution.share_out_cores(args.batch, recipe.accumulate)
    network = recipe_parts.build_network(recipe, concurrent_parts=parts)
    generator = np.random.default_rng(0)
    shape = (args.batch, args.patch, args.patch, 3)
    pair = tuple(tf.constant(generator.random(shape), "float32") for _ in range(2))
    batches = iter(tf.data.Dataset.from_tensors(pair).repeat())
    network.make_train_function()
    return lambda: float(network.train_function(batches)["loss"])


def torch_step(args, channels_last):
    """Returns a function that makes one step of the same network in PyTorch."""
    import torch

    sys.path.insert(0, str(Path(__file__).parent))
    from torch_hinet import TorchHINet

    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = TorchHINet(width=round(64 * args.scale)).to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), 2e-4, betas=(0.9, 0.99))
    shape = (args.batch, 3, args.patch, args.patch)
    image, target = (torch.rand(shape).to(memory_format=layout) for _ in range(2))

    def loss(restored):
        error = (restored.float() - target).square().mean((1, 2, 3))
        return 10 / torch.log(torch.tensor(10.0)) * (error + 1e-8).log().mean()

    def step():
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=args.precision == "bfloat16"):
            first, second = model(image)
        total = loss(first) + loss(second)
        total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.01)
        optimizer.step()
        return total.item()

    return step


def matrix_product(args):
    """Returns a function that multiplies two square matrices with PyTorch."""
    import torch

    if args.threads:
        torch.set_num_threads(args.threads)
    kind = torch.bfloat16 if args.precision == "bfloat16" else torch.float32
    a, b = (torch.rand(2048, 2048).to(kind) for _ in range(2))
    return lambda: float((a @ b)[0, 0])


SIDES = {
    "hinet_tf": keras_step,
    "hinet_tf whole batch": lambda args: keras_step(args, True),
    "torch": lambda args: torch_step(args, False),
    "torch channels-last": lambda args: torch_step(args, True),
    "matrix product": matrix_product,
}


def serve(args):
    """Makes two steps for each line on stdin and answers with the times of the second."""
    step = SIDES[args.side](args)
    for _ in range(3):
        step()
    print("ready", flush=True)
    for _ in sys.stdin:
        step()
        wall, processor = time.perf_counter(), time.process_time()
        step()
        print(time.perf_counter() - wall, time.process_time() - processor, flush=True)


def take_turns(args, precision):
    """Returns side -> (median wall, median processor) seconds of a step."""
    options = ["--scale", args.scale, "--patch", args.patch, "--batch", args.batch]
    options += ["--threads", args.threads]
    processes = {}
    for side in SIDES:
        command = [sys.executable, __file__, *map(str, options), "--side", side]
        processes[side] = subprocess.Popen(
            [*command, "--precision", precision],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        while processes[side].stdout.readline() != "ready\n":
            if processes[side].poll() is not None:
                raise RuntimeError(f"{side} failed")
    times = {side: [] for side in SIDES}
    order = random.Random(0)
    for _ in range(args.rounds):
        for side, process in order.sample(list(processes.items()), len(processes)):
            process.stdin.write("step\n")
            process.stdin.flush()
            times[side].append([float(part) for part in process.stdout.readline().split()])
    for process in processes.values():
        process.stdin.close()
        process.wait()
    return {side: [statistics.median(c) for c in zip(*t, strict=True)] for side, t in times.items()}


def report(args, precision, medians):
    width = round(64 * args.scale)
    multiply_adds = 3 * (585 * width**2 + 135 * width) * args.patch**2 * args.batch
    # One thread's processor time is what its wall time would be on an idle machine.
    clock = 1 if args.threads == 1 else 0
    peak = 2 * 2048**3 / medians["matrix product"][clock]
    reached = 2 * multiply_adds / medians["hinet_tf"][clock]
    print(f"\n{precision}, scale {args.scale}, batch {args.batch} of {args.patch}x{args.patch}")
    for side in (side for side in SIDES if side != "matrix product"):
        wall, processor = medians[side]
        ratios = [medians[side][i] / medians["hinet_tf"][i] for i in (0, 1)]
        print(
            f"  {side:20s} {wall:.3f} s a step ({ratios[0]:.2f}x), "
            f"{processor:.3f} s of processor ({ratios[1]:.2f}x)"
        )
    print(
        f"  matrix-multiply peak {peak / 1e9:.0f} GFLOP/s; hinet_tf reaches "
        f"{reached / 1e9:.0f} GFLOP/s, {reached / peak:.0%}"
    )
    return {"precision": precision, "medians": medians, "peak": peak, "reached": reached}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--scale", type=float, default=0.25)
    parser.add_argument("--patch", type=int, default=128)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument(
        "--threads",
        type=int,
        default=0,
        help="threads of each operation on each side; 1 on a busy machine (default: as `train.py`)",
    )
    parser.add_argument("--precision", help="float32 or bfloat16 (default: one after the other)")
    parser.add_argument("--out", help="also write the figures as JSON")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.side:
        serve(args)
        return 0
    precisions = [args.precision] if args.precision else ["float32", "bfloat16"]
    rows = [report(args, p, take_turns(args, p)) for p in precisions]
    if args.out:
        Path(args.out).write_text(json.dumps(rows, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
