r"""Times a model as .tflite in every recipe, and shows what each loses.

    python export/benchmark.py --model denoise.keras --out runs/benchmark
    python export/benchmark.py --model denoise.keras --out runs/benchmark \
        --size 256x256 --size 512x512 --quantization float32 --quantization int8_dynamic

Every file is exported and verified first. All files then run in turns in one process, beside a
plain conversion of the training graph and, where it is installed, OpenVINO with the same weights.
Writes benchmark.json, benchmark.md and benchmark.png. The figures are this machine's, no phone's.
"""

import argparse
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from hinet_tf.command_line import (
    EXIT_DONE,
    CommandParser,
    UsageError,
    quiet_tensorflow,
    run_command,
)
from hinet_tf.files import atomic_path

QUANTIZATIONS = ("float32", "float16", "int8_weights", "int8_dynamic", "int8", "int16x8")


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = CommandParser(__doc__)
    add = parser.add_argument
    add("--model", required=True, help=".keras, preset or official .pth")
    add("--out", required=True, type=Path, metavar="DIR", help="folder of files and results")
    add("--quantization", action="append", choices=QUANTIZATIONS, help="default: all; repeatable")
    add("--size", action="append", metavar="HxW", help="default: 256x256; repeatable")
    add("--threads", type=int, nargs="+", default=[1, 2], help="default: 1 2")
    add("--runs", type=int, default=20, help="timed runs of each file (default: 20)")
    add("--photos", default="builtin", metavar="DIR", help="photos to verify on (val split)")
    add("--calibration", default="builtin", metavar="DIR", help="photos for int8 (train split)")
    args = parser.parse_args(argv)
    if args.runs < 1 or min(args.threads) < 1:
        parser.error("--runs and --threads must be positive")
    return args


def run(args: argparse.Namespace) -> int:
    """Exports, times, prints and writes."""
    sizes = [_size(text) for text in args.size or ["256x256"]]
    recipes = args.quantization or list(QUANTIZATIONS)
    quiet_tensorflow()
    console = Console(stderr=True, highlight=False)
    from hinet_tf.inference.model_file import open_model

    model = open_model(args.model)
    args.out.mkdir(parents=True, exist_ok=True)
    with console.status("Exporting") as status:
        files = _export(model, args, sizes, recipes, status)
    rows = []
    for size in sizes:
        rows += _measure(model, args, size, files, console)
    result = {
        "model": args.model,
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors",
        "runs": args.runs,
        "rows": rows,
    }
    with atomic_path(args.out / "benchmark.json") as path:
        path.write_text(json.dumps(result, indent=1), encoding="utf-8")
    with atomic_path(args.out / "benchmark.md") as path:
        path.write_text(_markdown(rows), encoding="utf-8")
    _plot(rows, args.out / "benchmark.png")
    Console(highlight=False).print(_table(rows))
    print(f"Results in {args.out}")
    return EXIT_DONE


def _export(model: Any, args: Any, sizes: list, recipes: list[str], status: Any) -> dict:
    """Exports every recipe with all sizes; returns its path and its drop in decibels."""
    from hinet_tf import export_tflite
    from hinet_tf.deploy.agreement import mean_drop

    files = {}
    for recipe in recipes:
        path = args.out / f"{recipe}.tflite"
        report = export_tflite(
            model,
            path,
            sizes,
            recipe,
            photos=args.photos,
            calibration=args.calibration,
            overwrite=True,
            # A recipe that loses too much belongs in the table all the same.
            force=True,
            on_progress=lambda message, recipe=recipe: status.update(f"{recipe}: {message}"),
        )
        files[recipe] = path, mean_drop(report.photos)
    return files


def _measure(model: Any, args: Any, size: tuple[int, int], files: dict, console: Console) -> list:
    """Times all files of one size in turns, for each number of threads."""
    import numpy as np

    from hinet_tf.deploy.latency import measure_latencies, peak_memory
    from hinet_tf.deploy.operator_times import operator_times
    from hinet_tf.deploy.plain_conversion import convert_plainly
    from hinet_tf.deploy.tflite_model import TFLiteModel

    shape = (*size, model.channels)
    image = np.random.default_rng(0).random(shape, np.float32)
    plain = convert_plainly(model, size)
    openvino = _openvino(files, shape)
    memory = {name: peak_memory(str(path), shape) for name, (path, _) in files.items()}
    rows = []
    for threads in args.threads:
        runners = {"plain conversion": plain.runner(image, threads)}
        for name, (path, _) in files.items():
            file = TFLiteModel(path, threads)
            runners[name] = lambda file=file: file.restore(image)
        if openvino:
            runners["openvino float32"] = openvino(image, threads)
        with Progress(console=console, transient=True) as progress:
            bar = progress.add_task(f"{size[0]}x{size[1]}, {threads} threads", total=args.runs)
            latencies = measure_latencies(
                runners, args.runs, lambda done, bar=bar: progress.update(bar, completed=done)
            )
        for name, latency in latencies.items():
            path, drop = files.get(name, (None, 0.0))
            rows.append(
                {
                    "name": name,
                    "size": list(size),
                    "threads": threads,
                    "median_ms": 1e3 * latency.median,
                    "p95_ms": 1e3 * latency.p95,
                    "faster_than_plain": latencies["plain conversion"].median / latency.median,
                    "drop_db": drop,
                    "file_mb": path.stat().st_size / 1e6 if path else None,
                    "memory_mb": memory[name] / 1e6 if path and memory[name] else None,
                    "operators_ms": {
                        kind: 1e3 * seconds
                        for kind, seconds in operator_times(path.read_bytes(), threads).items()
                    }
                    if path
                    else None,
                }
            )
    return rows


def _openvino(files: dict, shape: tuple[int, int, int]) -> Any:
    """A second engine on the float32 file, where it is installed."""
    try:
        import openvino
    except ImportError:
        return None
    if "float32" not in files:
        return None

    def runner(image: Any, threads: int) -> Any:
        core = openvino.Core()
        network = core.read_model(files["float32"][0])
        network.reshape([1, *shape])
        precise = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
        compiled = core.compile_model(network, "CPU", precise)
        return lambda: compiled(image[None])

    return runner


_COLUMNS = (
    ("file", lambda row: row["name"]),
    ("size", lambda row: "{}x{}".format(*row["size"])),
    ("thr.", lambda row: str(row["threads"])),
    ("ms", lambda row: f"{row['median_ms']:.1f}"),
    ("p95", lambda row: f"{row['p95_ms']:.1f}"),
    ("speed", lambda row: f"{row['faster_than_plain']:.2f} x"),
    ("lost dB", lambda row: f"{row['drop_db']:.3f}" if row["file_mb"] else ""),
    ("MB", lambda row: f"{row['file_mb']:.1f}" if row["file_mb"] else ""),
    ("RAM MB", lambda row: f"{row['memory_mb']:.0f}" if row["memory_mb"] else ""),
    ("operators by time", lambda row: _top_operators(row["operators_ms"])),
)


def _top_operators(times: dict[str, float] | None) -> str:
    total = sum(times.values()) if times else 0
    return ", ".join(f"{kind} {ms / total:.0%}" for kind, ms in list((times or {}).items())[:4])


def _markdown(rows: list[dict]) -> str:
    lines = [" | ".join(name for name, _ in _COLUMNS), " | ".join("---" for _ in _COLUMNS)]
    lines += [" | ".join(text(row) for _, text in _COLUMNS) for row in rows]
    return "".join(f"| {line} |\n" for line in lines)


def _table(rows: list[dict]) -> Table:
    table = Table(box=None, pad_edge=False)
    for number, (name, _) in enumerate(_COLUMNS[:-1]):
        table.add_column(name, justify="right" if number > 1 else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(text(row) for _, text in _COLUMNS[:-1]))
    return table


def _plot(rows: list[dict], path: Path) -> None:
    """Draws restored PSNR lost against latency, first size, most threads."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    threads = max(row["threads"] for row in rows)
    size = rows[0]["size"]
    shown = [r for r in rows if r["file_mb"] and r["threads"] == threads and r["size"] == size]
    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    slowest = max(row["median_ms"] for row in shown)
    for row in shown:
        left = row["median_ms"] < slowest / 2
        axes.scatter(row["median_ms"], row["drop_db"], s=8 * row["file_mb"] + 20, alpha=0.7)
        axes.annotate(
            f"{row['name']}, {row['file_mb']:.1f} MB",
            (row["median_ms"], row["drop_db"]),
            textcoords="offset points",
            xytext=(10 if left else -10, 0),
            ha="left" if left else "right",
            va="center",
            fontsize=9,
        )
    axes.set_xlim(0, 1.1 * slowest)
    axes.set_xlabel(f"milliseconds for {size[0]}x{size[1]}, {threads} threads")
    axes.set_ylabel("restored PSNR lost (dB)")
    axes.margins(y=0.15)
    axes.grid(alpha=0.3)
    axes.set_title("What a recipe costs and gains (area: file size)")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=120)
    pyplot.close(figure)


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.partition("x")
    if not (height.isdigit() and width.isdigit()):
        raise UsageError(f"{text!r} is no size; expected HxW such as 256x256.")
    return int(height), int(width)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    args = parse_args(argv)
    return run_command(lambda: run(args))


if __name__ == "__main__":
    raise SystemExit(main())
