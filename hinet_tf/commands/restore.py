"""Restores image files and folders with a trained model.

hinet-restore photo.jpg --out restored
hinet-restore photos scans/*.tif --model dejpeg_0.25x --out restored --skip-existing
hinet-restore huge.tif --model HINet-GoPro.pth --out restored --local --memory 2G

Without --model it removes noise, with the preset denoise_0.25x. The folder structure of an input
folder is kept. A file that fails is reported and the others are still restored; the exit code is
then 1.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from hinet_tf.command_line import (
    EXIT_DONE,
    EXIT_FAILED,
    CommandParser,
    UsageError,
    quiet_tensorflow,
    run_command,
)
from hinet_tf.commands.collect_files import Job, collect_jobs
from hinet_tf.commands.options import memory_size
from hinet_tf.images.image_file import MAX_PIXELS, open_image

# `hinet_tf.models.presets.DEFAULT_PRESET`; importing it here would cost seconds.
_DEFAULT_MODEL = "denoise_0.25x"
_FORMATS = ("png", "jpg", "webp", "tif")


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = CommandParser(__doc__, prog="hinet-restore")
    add = parser.add_argument
    add("inputs", nargs="+", metavar="INPUT", help="files, folders or patterns")
    add(
        "--model",
        default=_DEFAULT_MODEL,
        help="preset, .keras, SavedModel folder, .tflite or .pth (default: %(default)s)",
    )
    add("--out", required=True, type=Path, help="folder of the restored files")
    files = parser.add_argument_group("files")
    add = files.add_argument
    add("--format", choices=_FORMATS, help="format of the results (default: the source's)")
    add("--suffix", default="", help="added to each name, such as _restored")
    add("--quality", type=int, help="of JPEG and WebP, 1 to 100 (default: the source's)")
    existing = files.add_mutually_exclusive_group()
    existing.add_argument("--skip-existing", action="store_true", help="leave what is there")
    existing.add_argument("--overwrite", action="store_true", help="replace what is there")
    add("--all-pages", action="store_true", help="every page or frame (default: the first)")
    add("--max-pixels", type=int, default=MAX_PIXELS, help="refuse larger images (%(default)s)")
    add("--figure", action="store_true", help="also write NAME_compare.png: crops side by side")
    network = parser.add_argument_group("network")
    add = network.add_argument
    add("--engine", choices=("tensorflow", "litert", "openvino"), default="tensorflow")
    add("--precision", choices=("float32", "bfloat16"), default="float32")
    add("--local", action="store_true", help="local statistics (TLC), for large images")
    add("--self-ensemble", action="store_true", help="average over 8 flips and turns; 8x slower")
    add("--fast", action="store_true", help="stop after stage 1: 43 %% of the cost")
    add("--tile", type=int, help="side of tiles, a multiple of 16 (default: by --memory)")
    add("--overlap", type=int, default=32, help="pixels that tiles share (default: 32)")
    add("--memory", type=memory_size, default="1G", help="for feature maps (default: 1G)")
    add("--batch-size", type=int, default=1, help="tiles at a time (default: 1)")
    args = parser.parse_args(argv)
    if args.quality is not None and not 1 <= args.quality <= 100:
        parser.error(f"--quality must lie between 1 and 100, received {args.quality}")
    return args


def run(args: argparse.Namespace) -> int:
    """Restores every file; returns 1 if any failed."""
    jobs = collect_jobs(args.inputs, args.out, args.suffix, args.format)
    existing = [job for job in jobs if job.target.exists()]
    if existing and not (args.skip_existing or args.overwrite):
        raise UsageError(
            f"{existing[0].target} exists already ({len(existing)} of {len(jobs)} results do); "
            "use --skip-existing or --overwrite."
        )
    todo = [job for job in jobs if job not in existing] if args.skip_existing else jobs
    quiet_tensorflow()
    restorer = _open_restorer(args)

    console = Console(stderr=True, highlight=False)
    start, failed = time.monotonic(), 0
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
    )
    done = 0
    try:
        with Progress(
            *columns, console=console, transient=True, disable=not console.is_terminal
        ) as progress:
            bar = progress.add_task("Restoring", total=len(todo), speed="")
            for index, job in enumerate(todo):
                problem = _restore(restorer, job, args, progress, bar, index)
                if problem:
                    failed += 1
                    console.print(f"failed: {problem}", markup=False, soft_wrap=True)
                else:
                    done += 1
                speed = (index + 1) / (time.monotonic() - start)
                progress.update(bar, completed=index + 1, speed=f"{speed:.2f} images/s")
    finally:
        seconds = time.monotonic() - start
        console.print(
            f"{done} restored, {failed} failed, {len(jobs) - len(todo)} skipped "
            f"in {seconds:.1f} s ({done / max(seconds, 1e-9):.2f} images/s) -> {args.out}",
            markup=False,
            soft_wrap=True,
        )
    return EXIT_FAILED if failed else EXIT_DONE


def _open_restorer(args: argparse.Namespace):
    # Late, so that a wrong command is answered at once.
    from hinet_tf.inference.model_file import open_model
    from hinet_tf.inference.restorer import Restorer

    return Restorer(
        open_model(args.model, local=args.local),
        tile=args.tile,
        overlap=args.overlap,
        self_ensemble=args.self_ensemble,
        batch_size=args.batch_size,
        engine=args.engine,
        fast=args.fast,
        precision=args.precision,
        memory=args.memory,
        name=str(args.model),
    )


def _restore(restorer, job: Job, args, progress: Progress, bar, index: int) -> str | None:
    """Restores one file; returns what went wrong as one line."""
    try:
        pages = open_image(job.source, max_pixels=args.max_pixels).pages
        if pages > 1 and not args.all_pages:
            progress.console.print(
                f"warning: {job.source} has {pages} pages, restoring the first (--all-pages)",
                markup=False,
                soft_wrap=True,
            )
        restorer.restore_file(
            job.source,
            job.target,
            quality=args.quality,
            all_pages=args.all_pages,
            max_pixels=args.max_pixels,
            on_progress=lambda part: progress.update(bar, completed=index + part),
        )
        if args.figure:
            from hinet_tf.plots.comparison import compare_files

            compare_files(job.source, job.target, _figure_path(job.target))
    # One bad file must never stop a folder, whatever a decoder or an engine raises.
    except Exception as error:
        kind = "" if isinstance(error, ValueError | OSError) else f"{type(error).__name__}: "
        message = " ".join(str(error).split())
        path = "" if str(job.source) in message else f"{job.source}: "
        return f"{path}{kind}{message[:400]}"
    return None


def _figure_path(target: Path) -> Path:
    return target.with_name(f"{target.stem}_compare.png")


def main(argv: Sequence[str] | None = None) -> int:
    """The `hinet-restore` command."""
    args = parse_args(argv)
    return run_command(lambda: run(args))


if __name__ == "__main__":
    raise SystemExit(main())
