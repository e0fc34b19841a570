"""How time and memory grow: restoring with the image's size, training with the network's width.

    python benchmarks/growth.py --out results/growth.json --picture docs/images/growth.webp
    python benchmarks/growth.py --pixels 0.1 1 10 --widths 8 16 32 --engine tensorflow

Each point is a process of its own, whose peak memory is the kernel's mark (VmHWM in
/proc/self/status; Linux). Time is the processor time of all threads, which other work on the
machine changes less than wall time. Growth in memory is counted from where the process stood before
the image came, or the network to be trained. Slopes are those of lines through the logarithms.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

PRESET = "denoise_0.125x"
PIXELS = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0]
WIDTHS = [8, 12, 16, 24, 32, 48, 64]
BATCH, PATCH = 4, 128
# A whole image of more needs memory that the machine may not have.
MOST_WHOLE = 10.0
# Below so many megapixels a point is the median of three runs after one to warm up.
REPEATED = 3.0
CURVES = {
    "tiles": "restoring, in tiles (1 GiB, the default)",
    "whole": "restoring, whole image",
    "train": f"training step, {BATCH} of {PATCH}x{PATCH}",
}


def measure(curve: str, size: float, engine: str) -> dict[str, float]:
    """One point, in a fresh process: `size` is in megapixels, or the width of a network."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    run, before, repeat = (
        _training(int(size)) if curve == "train" else _restoring(curve, size, engine)
    )
    if repeat > 1:
        run()
    seconds = []
    for _ in range(repeat):
        start = time.process_time()
        run()
        seconds.append(time.process_time() - start)
    peak = _memory("VmHWM")
    return {
        "seconds": statistics.median(seconds),
        "peak_mb": peak / 1e6,
        "growth_mb": (peak - before) / 1e6,
    }


def _restoring(curve: str, megapixels: float, engine: str):
    import numpy as np

    from hinet_tf import Restorer

    height = 16 * round(math.sqrt(megapixels * 1e6 * 3 / 4) / 16)
    shape = (height, round(megapixels * 1e6 / height), 3)
    restorer = Restorer(PRESET, engine=engine, memory=2**40 if curve == "whole" else 2**30)
    # After the model: what the libraries take for themselves does not grow.
    before = _memory("VmRSS")
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    return lambda: restorer.restore(image), before, 3 if megapixels <= REPEATED else 1


def _training(width: int):
    import numpy as np
    import tensorflow as tf

    from hinet_tf.engine import recipe_parts
    from hinet_tf.tasks import Recipe

    tf.constant(0.0)
    before = _memory("VmRSS")
    recipe = Recipe(task="denoise", scale=width / 64, patch=PATCH, batch=BATCH)
    network = recipe_parts.build_network(recipe)
    images = np.random.default_rng(0).random((BATCH, PATCH, PATCH, 3), "float32")
    return lambda: network.train_on_batch(images, images), before, 3


def _memory(mark: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{mark}:")[2].split()[0]) * 1024


def slope(points: list[dict], value: str) -> float:
    """The exponent p of the power of size, `value ~ size**p`, that fits best."""
    xs = [math.log(point["size"]) for point in points]
    ys = [math.log(point[value]) for point in points]
    x, y = statistics.fmean(xs), statistics.fmean(ys)
    above = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True))
    return above / sum((a - x) ** 2 for a in xs)


def table(curve: str, points: list[dict]) -> str:
    """A Markdown table with the slope from each point to the next and of all."""
    unit = "width" if curve == "train" else "megapixels"
    per = "width²" if curve == "train" else "megapixel"
    power = 2 if curve == "train" else 1
    lines = [
        f"\n| {CURVES[curve]}: {unit} | s of processor | s per {per} | slope | peak MB "
        "| growth, MB | slope |",
        "|---|---|---|---|---|---|---|",
    ]
    for number, point in enumerate(points):
        pair = points[number - 1 : number + 1] if number else []
        slopes = [f"{slope(pair, v):.2f}" if pair else "" for v in ("seconds", "growth_mb")]
        each = point["seconds"] / point["size"] ** power
        lines.append(
            f"| {point['size']:g} | {point['seconds']:.3g} | {each:.3g} | {slopes[0]} "
            f"| {point['peak_mb']:.0f} | {point['growth_mb']:.0f} | {slopes[1]} |"
        )
    if len(points) > 1:
        overall = [slope(points, v) for v in ("seconds", "growth_mb")]
        lines.append(f"| all | | | {overall[0]:.2f} | | | {overall[1]:.2f} |")
    return "\n".join(lines)


def draw(curves: dict[str, list[dict]], path: Path) -> None:
    """Time and memory of both kinds of work, on logarithmic axes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2, figsize=(9, 6.5), layout="constrained")
    for row, (value, label) in enumerate(
        {"seconds": "processor time, s", "growth_mb": "growth of memory, MB"}.items()
    ):
        for column, names in enumerate((("tiles", "whole"), ("train",))):
            axis = axes[row][column]
            for name in names:
                points = curves.get(name, [])
                xs, ys = ([point[key] for point in points] for key in ("size", value))
                exponent = f", slope {slope(points, value):.2f}" if len(points) > 1 else ""
                axis.loglog(xs, ys, "o-", label=CURVES[name] + exponent)
            axis.set(xlabel="width" if column else "megapixels", ylabel=label)
            axis.grid(alpha=0.3)
            axis.legend(fontsize=8, loc="lower right")
            if column:
                axis.set_xticks([point["size"] for point in curves.get("train", [])])
                axis.xaxis.set_major_formatter("{x:g}")
                axis.set_xticks([], minor=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)


def _in_process(curve: str, size: float, engine: str, limit: float) -> dict:
    command = [sys.executable, __file__, "--point", curve, str(size), "--engine", engine]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return {"error": f"more than {limit:.0f} s"}
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        return {"error": lines[-1][:100]}
    return json.loads(done.stdout.splitlines()[-1])


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pixels", nargs="*", type=float, default=PIXELS, help="megapixels")
    parser.add_argument("--widths", nargs="*", type=int, default=WIDTHS)
    parser.add_argument("--engine", default="openvino", help="that restores")
    parser.add_argument("--limit", type=float, default=900, help="seconds for one point")
    parser.add_argument("--out", type=Path, help="JSON file for the numbers")
    parser.add_argument("--picture", type=Path, help="picture of the curves")
    parser.add_argument("--point", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.point:
        print(json.dumps(measure(args.point[0], float(args.point[1]), args.engine)))
        return 0
    sizes = {
        "tiles": args.pixels,
        "whole": [size for size in args.pixels if size <= MOST_WHOLE],
        "train": args.widths,
    }
    curves = {}
    for curve, some in sizes.items():
        curves[curve] = []
        for size in some:
            point = _in_process(curve, size, args.engine, args.limit)
            if "error" in point:
                print(f"{CURVES[curve]}, {size:g}: {point['error']}", file=sys.stderr)
                continue
            curves[curve].append({"size": size, **point})
            print(f"{curve} {size:g}: {point['seconds']:.3g} s", file=sys.stderr, flush=True)
        print(table(curve, curves[curve]), flush=True)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(curves, indent=1) + "\n")
    if args.picture:
        draw(curves, args.picture)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
