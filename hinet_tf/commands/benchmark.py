r"""Times a model as .tflite in every recipe, and shows what each loses.

    hinet benchmark --model denoise.keras --out runs/benchmark
    hinet benchmark --model denoise.keras --out runs/benchmark \
        --size 256x256 --size 512x512 --quantization float32 --quantization int8_dynamic

Every file is exported and verified first. All files then run in turns in one process, beside a
plain conversion of the training graph and, where they are installed, OpenVINO and PyTorch with the
same weights (PyTorch in a checkout only, which holds the same network for it, and on one thread:
in one process with TensorFlow its second thread makes it ten times slower).
Writes benchmark.json, benchmark.md and benchmark.png. The figures are this machine's, no phone's.
In a checkout, export/benchmark.py is the same command.
"""

import argparse
import functools
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from hinet_tf.command_line import CommandParser, command_main, load_tensorflow
from hinet_tf.commands.checks import (
    check_apart,
    check_data,
    check_model,
    check_out_folder,
    check_sizes,
)
from hinet_tf.commands.extras import check_quantizer
from hinet_tf.commands.options import (
    TRAINED,
    add_model_option,
    add_out_option,
    add_quiet_option,
    image_size,
    message_console,
    whole_number,
)
from hinet_tf.commands.progress import shown_progress
from hinet_tf.deploy.tflite.recipes import QUANTIZATION_RECIPES
from hinet_tf.files import atomic_path

_TWIN = Path(__file__).parents[2] / "benchmarks" / "torch_hinet.py"


def make_parser() -> CommandParser:
    """The parser of the command."""
    parser = CommandParser(__doc__, "benchmark")
    add_model_option(parser, TRAINED, required=True)
    add_out_option(parser, "DIR", "folder of files and results")
    add = parser.add_argument
    recipes = tuple(QUANTIZATION_RECIPES)
    add("--quantization", action="append", choices=recipes, help="default: all; repeatable")
    sizes = {"action": "append", "type": image_size, "metavar": "HxW"}
    add("--size", **sizes, dest="sizes", help="default: 256x256; repeatable")
    add("--threads", type=whole_number(1), nargs="+", default=[1, 2], help="default: 1 2")
    add("--runs", type=whole_number(1), default=20, help="timed runs of each file (default: 20)")
    add("--photos", default="builtin", metavar="DIR", help="photos to verify on (val split)")
    add(
        "--calibration",
        default="builtin",
        metavar="DIR",
        help="photos that calibrate 8 bits (train split)",
    )
    add_quiet_option(parser)
    return parser


def run(args: argparse.Namespace) -> None:
    """Exports, times, prints and writes."""
    sizes = args.sizes or [(256, 256)]
    recipes = args.quantization or list(QUANTIZATION_RECIPES)
    check_quantizer(recipes)
    check_out_folder(args.out)
    check_data(args.photos, "--photos")
    check_data(args.calibration, "--calibration")
    check_apart(args.out, args.photos, "--out", "--photos")
    check_apart(args.out, args.calibration, "--out", "--calibration")
    check_model(args.model, exported=False)
    check_sizes(sizes, args.model)
    load_tensorflow(args.quiet)
    console = message_console(args)
    from hinet_tf.deploy.benchmark.results import as_markdown, as_table, plot
    from hinet_tf.engine.machine import describe_machine
    from hinet_tf.models import open_model

    model = open_model(args.model)
    args.out.mkdir(parents=True, exist_ok=True)
    with shown_progress(console) as show:
        files = _export(model, args, sizes, recipes, show)
    rows = _measure(model, args, sizes, files, console)
    result = {
        "model": args.model,
        "machine": describe_machine(),
        "runs": args.runs,
        "rows": rows,
    }
    with atomic_path(args.out / "benchmark.json") as path:
        path.write_text(json.dumps(result, indent=1), encoding="utf-8")
    with atomic_path(args.out / "benchmark.md") as path:
        path.write_text(as_markdown(rows), encoding="utf-8")
    plot(rows, args.out / "benchmark.png")
    if not args.quiet:
        Console(highlight=False).print(as_table(rows))
        print(f"Results in {args.out}")


def _export(model: Any, args: Any, sizes: list, recipes: list[str], show: Any) -> dict:
    """Exports every recipe with all sizes; returns each file and what it loses by name."""
    from hinet_tf.deploy.tflite.agreement import mean_drop
    from hinet_tf.deploy.tflite.export import export_tflite

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
            on_progress=functools.partial(show, prefix=f"{recipe}: "),
        )
        files[recipe] = path, mean_drop(report.photos)
    return files


def _measure(model: Any, args: Any, sizes: list, files: dict, console: Console) -> list:
    """Times all files of each size in turns, for each number of threads."""
    from hinet_tf.deploy.benchmark.engines import openvino_engine, torch_engine
    from hinet_tf.deploy.benchmark.recipes import measure_recipes
    from hinet_tf.deploy.tflite.verification_photos import crops, verification_pairs

    engines = {"PyTorch": torch_engine(model, _TWIN)}
    if "float32" in files:
        engines["OpenVINO"] = openvino_engine(files["float32"][0])
    engines = {name: engine for name, engine in engines.items() if engine}
    without_torch = {name: engine for name, engine in engines.items() if name != "PyTorch"}
    rows = []
    for size in sizes:
        image = next(
            crops(verification_pairs(args.photos, model.channels), size, per_photo=1)
        ).degraded
        for threads in args.threads:
            with Progress(
                console=console, transient=True, disable=not console.is_terminal
            ) as progress:
                bar = progress.add_task(f"{size[0]}x{size[1]}, {threads} threads", total=args.runs)
                rows += measure_recipes(
                    model,
                    image,
                    files,
                    engines if threads == 1 else without_torch,
                    threads,
                    args.runs,
                    lambda done, progress=progress, bar=bar: progress.update(bar, completed=done),
                )
    return rows


main = command_main(run, make_parser)
