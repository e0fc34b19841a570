"""Time and peak memory of inference, against the same network in PyTorch.

    python benchmarks/inference.py --scale 0.5 --sizes 256x256 1280x720 --repeat 5
    python benchmarks/inference.py --scale 0.25 --sizes 10000x10000 --runs tiled --repeat 1
    python benchmarks/inference.py --scale 0.25 --local --sizes 1280x720

    python benchmarks/inference.py --one-core --scale 0.5 --sizes 256x256

Every run is a process of its own, so that its peak memory is its own; the runs of one size
follow one another, so that a slow minute of the machine strikes all alike. With --one-core a run
is bound to one core and its processor time is taken: the only fair figure on a machine that
others use too. Weights are random: they do not change the work. With --rounds the runs take
turns and the medians count. Compare ratios within one table: "torch" is laid out as in the
official code, and "of peak" is against a matrix product of 2048x2048 in the same minutes.
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

RUNS = {
    "torch": ("torch", "float32", None),
    "torch channels-last": ("torch channels-last", "float32", None),
    "tensorflow": ("tensorflow", "float32", None),
    "openvino": ("openvino", "float32", None),
    "torch bf16": ("torch channels-last", "bfloat16", None),
    "tensorflow bf16": ("tensorflow", "bfloat16", None),
    "openvino bf16": ("openvino", "bfloat16", None),
    "tiled": ("tensorflow", "float32", 512),
    "tiled bf16": ("tensorflow", "bfloat16", 512),
    "tiled openvino": ("openvino", "float32", 512),
    "tiled openvino bf16": ("openvino", "bfloat16", 512),
    "local": ("local", "float32", None),
}


def parse_args(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=0.5, help="width is 64 * SCALE")
    parser.add_argument("--sizes", nargs="+", default=["256x256"], metavar="WxH")
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=list(RUNS)[:7])
    parser.add_argument("--repeat", type=int, default=5, help="median of so many")
    parser.add_argument("--rounds", type=int, default=1, help="processes per run, in turns")
    parser.add_argument("--limit", type=float, default=600, help="seconds per process")
    parser.add_argument("--one-core", action="store_true", help="processor time on one core")
    parser.add_argument("--out", type=Path, help="JSON file")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def measure(engine: str, precision: str, tile: int | None, args, size: str) -> dict:
    """Builds, warms up and times one way of restoring one image, in this process."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if args.one_core:  # Before any library counts the cores.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    clock = time.process_time if args.one_core else time.perf_counter
    import numpy as np

    from hinet_tf import HINet, Restorer, to_local

    width, height = (int(side) for side in size.split("x"))
    model = HINet(width=round(64 * args.scale))
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    if engine.startswith("torch"):
        restore = torch_restorer(model, engine.endswith("channels-last"), precision, image)
    else:
        model = to_local(model) if engine == "local" else model
        restorer = Restorer(
            model,
            tile=tile,
            engine="openvino" if engine == "openvino" else "tensorflow",
            precision=precision,
            memory=2**40,
        )

        def restore():
            return restorer.restore(image)

    if args.repeat > 1:
        restore()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(args.repeat):
        start = clock()
        restore()
        seconds.append(clock() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "seconds": statistics.median(seconds),
        "peak_mb": peak / 1024,
        "before_mb": before / 1024,
        "matrix_flops": matrix_flops(clock),
    }


def torch_restorer(model, channels_last, precision, image):
    import numpy as np
    import torch
    from torch_hinet import from_keras

    layout = torch.channels_last if channels_last else torch.contiguous_format
    network = from_keras(model).to(memory_format=layout)
    pad = [-side % 16 for side in image.shape[:2]]
    padded = np.pad(image, ((0, pad[0]), (0, pad[1]), (0, 0)), mode="symmetric")

    def restore():
        batch = torch.from_numpy(padded).permute(2, 0, 1)[None].float() / 255
        batch = batch.contiguous(memory_format=layout)
        low = precision == "bfloat16"
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=low):
            output = network(batch)[1].float()
        return (output.clamp(0, 1) * 255).round().byte().numpy()

    return restore


def run_child(name: str, size: str, args) -> dict:
    command = [
        *(sys.executable, __file__, "--scale", str(args.scale), "--repeat", str(args.repeat)),
        *("--child", name, size, "-"),
        *(["--one-core"] if args.one_core else []),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=args.limit)
    except subprocess.TimeoutExpired:
        return {"error": f"more than {args.limit:.0f} s"}
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        return {"error": lines[-1][:100]}
    return json.loads(done.stdout.splitlines()[-1])


def summary(children: list[dict]) -> dict:
    """Medians over the processes of one run, or the reason why there are none."""
    failed = [child for child in children if "error" in child]
    return (
        failed[0]
        if failed
        else {key: statistics.median(child[key] for child in children) for key in children[0]}
    )


def row(result: dict, scale: float, reference: dict[str, float]) -> str:
    start = f"| {result['size']} | {result['run']} |"
    if "error" in result:
        return f"{start} {result['error']} | | | |"
    width, height = (int(side) for side in result["size"].split("x"))
    multiply_adds = (585 * (64 * scale) ** 2 + 135 * 64 * scale) * width * height
    share = 2 * multiply_adds / result["seconds"] / result["matrix_flops"]
    ratio = reference.get(RUNS[result["run"]][1], float("nan")) / result["seconds"]
    return (
        f"{start} {result['seconds']:.3f} | {share:.0%} | {result['peak_mb']:.0f} | {ratio:.2f} |"
    )


def matrix_flops(clock) -> float:
    """Float32 operations per second of a matrix product on the cores of this process."""
    import torch

    a = torch.randn(2048, 2048)
    seconds = []
    for _ in range(10):
        start = clock()
        a @ a
        seconds.append(clock() - start)
    return 2 * 2048**3 / statistics.median(seconds)


def main(argv=None) -> int:
    args = parse_args(argv)
    if args.child:
        engine, precision, tile = RUNS[args.child[0]]
        print(json.dumps(measure(engine, precision, tile, args, args.child[1])))
        return 0
    results = []
    print(f"| scale {args.scale} | run | s | of peak | peak MB | times faster than PyTorch |")
    print("|---|---|---|---|---|---|")
    for size in args.sizes:
        turns = [
            {name: run_child(name, size, args) for name in args.runs} for _ in range(args.rounds)
        ]
        for name in args.runs:
            results.append({"size": size, "run": name, **summary([turn[name] for turn in turns])})
            reference = {
                RUNS[done["run"]][1]: done["seconds"]
                for done in reversed(results)
                if done["size"] == size and done["run"].startswith("torch") and "seconds" in done
            }
            print(row(results[-1], args.scale, reference), flush=True)
    if args.out:
        args.out.write_text(json.dumps(results, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
