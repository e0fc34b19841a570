r"""Exports a trained model as a SavedModel for TensorFlow Serving.

    hinet export saved-model --model denoise.keras --out models/denoise
    hinet export saved-model --model denoise.keras --out models/denoise --version 2 \
        --precision bfloat16 --max-pixels 16000000
    hinet export saved-model --model HINet-GoPro.pth --out models/deblur --local --jpeg 95
    hinet export saved-model --model denoise.keras --out models/denoise --compatible 2.15

Writes DIR/VERSION, compared with the restorer before it takes its place. docs/serving.md goes
on from there to a running server. In a checkout, export/saved_model.py is the same command.
"""

import argparse
import json
from pathlib import Path

from hinet_tf.command_line import CommandParser, UsageError, command_main, load_tensorflow
from hinet_tf.commands.checks import check_model, check_out_folder, check_tiles
from hinet_tf.commands.options import (
    TRAINED,
    add_model_option,
    add_out_option,
    add_quiet_option,
    add_restorer_options,
    add_weights_options,
    message_console,
    restorer_settings,
    weights_details,
    whole_number,
)
from hinet_tf.commands.progress import shown_progress

# By the version of TensorFlow that is to load the SavedModel; docs/compatibility.md.
LACKING_OPERATIONS = {"2.15": "DecodeWebP"}


def make_parser() -> CommandParser:
    """The parser of the command."""
    parser = CommandParser(__doc__, "export saved-model")
    add_model_option(parser, TRAINED, required=True)
    add_out_option(parser, "DIR", "folder of all versions")
    add = parser.add_argument
    add("--version", type=_version, default=1, metavar="N", help="positive integer (default: 1)")
    add("--overwrite", action="store_true", help="replace an existing version")
    add_quiet_option(parser)
    add_restorer_options(parser.add_argument_group("network"), "1G")
    server = parser.add_argument_group("server")
    add = server.add_argument
    add(
        "--max-pixels",
        type=whole_number(1),
        default=2**25,
        help="refuse larger images (default: %(default)s)",
    )
    add(
        "--jpeg",
        type=whole_number(1, 100),
        dest="jpeg_quality",
        metavar="QUALITY",
        help="answer with JPEG, 1 to 100 (default: PNG)",
    )
    add("--no-webp", action="store_true", help="leave WebP out, for servers that lack its decoder")
    add(
        "--compatible",
        choices=tuple(LACKING_OPERATIONS),
        metavar="TENSORFLOW",
        help=f"leave out what an older one lacks: {', '.join(LACKING_OPERATIONS)}",
    )
    add_weights_options(parser, "manifest")
    add = parser.add_argument
    add("--scores", type=Path, metavar="FILE.json", help="for the manifest: evaluate --json")
    add("--force", action="store_true", help="even a task that is not the preset's")
    return parser


def run(args: argparse.Namespace) -> None:
    """Exports, and prints what was compared."""
    target = args.out / str(args.version)
    if target.exists() and not args.overwrite:
        raise UsageError(f"{target} exists; choose another --version or pass --overwrite.")
    check_out_folder(target)
    check_tiles(args)
    check_model(args.model, exported=False)
    scores = {"scores": _scores(args.scores)} if args.scores else {}
    details = weights_details(args) | scores
    load_tensorflow(args.quiet)
    console = message_console(args)
    with shown_progress(console) as show:
        # Late, so that a wrong command is answered at once.
        from hinet_tf.deploy.saved_model.export import export_saved_model
        from hinet_tf.models import open_model

        report = export_saved_model(
            open_model(args.model, local=args.local),
            args.out,
            args.version,
            output="stage1" if args.fast else "restored",
            max_pixels=args.max_pixels,
            jpeg_quality=args.jpeg_quality,
            webp=not args.no_webp and args.compatible is None,
            details=details,
            **restorer_settings(args),
            overwrite=args.overwrite,
            on_progress=show,
        )
    if args.compatible:
        console.print(
            f"For TensorFlow {args.compatible}, without WebP: it lacks the operation "
            f"{LACKING_OPERATIONS[args.compatible]}.",
            soft_wrap=True,
        )
    for check in report.manifest["checks"]:
        console.print(
            f"[green]holds[/]  {check['signature']}: differs from Restorer by "
            f"{check['difference']:g}, allowed {check['allowed']:g}",
            soft_wrap=True,
        )
    if not args.quiet:
        print(f"{report.path}, fingerprint {report.manifest['fingerprint'][:12]}")


def _version(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no version; TensorFlow Serving looks for positive integers such as 1"
        )
    return int(text)


def _scores(path: Path) -> object:
    try:
        return json.loads(path.read_text())
    except (OSError, json.JSONDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"--scores {path} is no readable JSON file: {reason}.") from error


main = command_main(run, make_parser)
