"""Restores image files and folders with a trained model.

    hinet restore photo.jpg --out restored.jpg
    hinet restore photos scans/*.tif --model dejpeg_0.25x --out restored --skip-existing
    hinet restore huge.tif --model HINet-GoPro.pth --out restored --local --memory 2G

Without --model it removes noise, with the preset denoise_0.25x. The folder structure of an input
folder is kept. A file that fails is reported and the others are still restored; the exit code is
then 1. `hinet-restore` is the same command.
"""

import argparse

from rich.console import Console

from hinet_tf.command_line import (
    EXIT_DONE,
    EXIT_FAILED,
    CommandParser,
    UsageError,
    command_main,
    described,
    load_tensorflow,
    one_line,
)
from hinet_tf.commands.checks import check_json_file, check_model, check_out_folder, check_tiles
from hinet_tf.commands.collect_files import Job, collect_jobs, figure_path, other_files
from hinet_tf.commands.options import (
    ANY_MODEL,
    add_engine_option,
    add_json_option,
    add_model_option,
    add_out_option,
    add_quiet_option,
    add_restorer_options,
    message_console,
    restorer_settings,
    share,
    whole_number,
    write_json,
)
from hinet_tf.commands.restore_progress import RestoreProgress
from hinet_tf.images.image_file import MAX_PIXELS, open_image
from hinet_tf.models.presets.registry import DEFAULT_PRESET

# What is typed, and the suffix that results then have.
_FORMATS = {"png": "png", "jpg": "jpg", "jpeg": "jpg", "webp": "webp", "tif": "tif", "tiff": "tif"}


def make_parser() -> CommandParser:
    """The parser of the command."""
    parser = CommandParser(__doc__, "restore")
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="files, folders or patterns")
    add_model_option(parser, ANY_MODEL, default=DEFAULT_PRESET)
    add_out_option(parser, "PATH", "folder of the results; for one input file, also a file name")
    add_quiet_option(parser)
    files = parser.add_argument_group("files")
    add = files.add_argument
    add("--format", choices=_FORMATS, help="format of the results (default: the source's)")
    add("--suffix", default="", help="added to each name, such as _restored")
    add(
        "--quality",
        type=whole_number(1, 100),
        help="of JPEG and WebP, 1 to 100 (default: a JPEG source's; else 95, or no loss)",
    )
    existing = files.add_mutually_exclusive_group()
    existing.add_argument("--skip-existing", action="store_true", help="leave what is there")
    existing.add_argument("--overwrite", action="store_true", help="replace what is there")
    add("--all-pages", action="store_true", help="every page or frame (default: the first)")
    add(
        "--max-pixels",
        type=whole_number(1),
        default=MAX_PIXELS,
        help="refuse larger images (default: %(default)s)",
    )
    add("--figure", action="store_true", help="also write NAME_compare.png: crops side by side")
    add_json_option(files, "what became of each file")
    network = parser.add_argument_group("network")
    add_engine_option(network)
    add_restorer_options(network, "1G", "auto")
    network.add_argument(
        "--strength",
        type=share,
        default=1.0,
        metavar="0..1",
        help="how much of the result; less than 1 leaves some grain (default: 1)",
    )
    network.add_argument(
        "--batch-size", type=whole_number(1), default=1, help="tiles at a time (default: 1)"
    )
    return parser


def run(args: argparse.Namespace) -> int:
    """Restores every file; returns 1 if any failed."""
    check_model(args.model, args.local, engine=args.engine)
    check_tiles(args)
    jobs = collect_jobs(args.inputs, args.out, args.suffix, _FORMATS.get(args.format), args.figure)
    check_out_folder(jobs[0].target.parent)
    check_json_file(args.json)
    existing = [job for job in jobs if job.target.exists()]
    if existing and not (args.skip_existing or args.overwrite):
        raise UsageError(
            f"{existing[0].target} exists already ({len(existing)} of {len(jobs)} results do); "
            "use --skip-existing or --overwrite."
        )
    new = [job.target for job in jobs if args.figure and not job.target.exists()]
    picture = next((path for path in map(figure_path, new) if path.exists()), None)
    if picture and not args.overwrite:
        raise UsageError(f"{picture} exists already; use --overwrite, or leave out --figure.")
    skipped = set(existing) if args.skip_existing else set()
    todo = [job for job in jobs if job not in skipped]
    restorer = _open_restorer(args)
    console = message_console(args)
    remark = "" if restorer.precision == "float32" else "; --precision float32 for float32"
    console.print(f"Engine {restorer.engine_name}, {restorer.precision}{remark}", soft_wrap=True)
    if others := other_files(args.inputs):
        console.print(f"Left alone, of no format that is read: {others}", soft_wrap=True)
    # Failures are said even with --quiet.
    failures = Console(stderr=True, highlight=False) if args.quiet else console
    outcomes = [{"source": str(job.source), "status": "skipped"} for job in skipped]
    try:
        with RestoreProgress(len(todo), len(skipped), str(args.out), console, failures) as progress:
            for job in todo:
                problem = _restore(restorer, job, args, progress)
                outcome = {"error": problem} if problem else {"target": str(job.target)}
                status = "failed" if problem else "restored"
                outcomes.append({"source": str(job.source), "status": status, **outcome})
                if problem:
                    progress.fail(problem)
                else:
                    progress.done()
    finally:
        if args.json:
            write_json(args.json, outcomes)
    return EXIT_FAILED if progress.failed else EXIT_DONE


def _open_restorer(args: argparse.Namespace):
    # Late, so that a wrong command is answered at once.
    from hinet_tf.inference.engines.selection import chosen_engine
    from hinet_tf.inference.restorer import Restorer
    from hinet_tf.models.presets.registry import is_preset

    model = args.model
    plain = is_preset(model) and not args.local
    if not (plain and chosen_engine(model, args.engine) == "openvino"):
        load_tensorflow(args.quiet)
    if args.local:
        from hinet_tf.models import open_model

        model = open_model(model, local=True)
    return Restorer(
        model,
        batch_size=args.batch_size,
        engine=args.engine,
        fast=args.fast,
        **restorer_settings(args),
        strength=args.strength,
        name=str(args.model),
    )


def _restore(restorer, job: Job, args, progress: RestoreProgress) -> str | None:
    """Restores one file; returns what went wrong as one line."""
    try:
        pages = open_image(job.source, max_pixels=args.max_pixels).pages
        if pages > 1 and not args.all_pages:
            hint = "" if job.source.suffix.lower() == ".png" else " (--all-pages)"
            progress.warn(f"{job.source} has {pages} pages, restoring the first{hint}")
        restorer.restore_file(
            job.source,
            job.target,
            quality=args.quality,
            all_pages=args.all_pages,
            max_pixels=args.max_pixels,
            on_progress=progress.part,
        )
        if args.figure:
            from hinet_tf.plots import comparison_figure

            files = {"input": job.source, "restored": job.target}
            images = {label: open_image(file).read() for label, file in files.items()}
            comparison_figure(images, figure_path(job.target))
    # One bad file must never stop a folder, whatever a decoder or an engine raises.
    except Exception as error:
        kind = "" if isinstance(error, ValueError | OSError) else f"{type(error).__name__}: "
        message = described(error)
        path = "" if message.startswith(str(job.source)) else f"{job.source}: "
        return one_line(f"{path}{kind}{message[:400]}")
    return None


main = command_main(run, make_parser)
