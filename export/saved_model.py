r"""Exports a trained model as a SavedModel for TensorFlow Serving.

    python export/saved_model.py --model denoise.keras --out models/denoise
    python export/saved_model.py --model denoise.keras --out models/denoise --version 2 \
        --precision bfloat16 --max-pixels 16000000
    python export/saved_model.py --model HINet-GoPro.pth --out models/deblur --local --jpeg 95

Writes DIR/VERSION, compared with the restorer before it takes its place. docs/serving.md goes
on from there to a running server.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from hinet_tf.command_line import (
    EXIT_DONE,
    CommandParser,
    UsageError,
    quiet_tensorflow,
    run_command,
)
from hinet_tf.commands.options import (
    add_network_options,
    add_weights_options,
    memory_size,
    shown_progress,
    weights_details,
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = CommandParser(__doc__)
    add_network_options(parser, "for large images")
    add = parser.add_argument
    add("--out", required=True, type=Path, metavar="DIR", help="folder of all versions")
    add("--version", type=_version, default=1, metavar="N", help="positive integer (default: 1)")
    add("--overwrite", action="store_true", help="replace an existing version")
    network = parser.add_argument_group("network")
    add = network.add_argument
    add("--precision", choices=("float32", "bfloat16"), default="float32")
    add("--self-ensemble", action="store_true", help="average over 8 flips and turns; 8x slower")
    add("--tile", type=int, help="side of tiles, a multiple of 16 (default: by --memory)")
    add("--overlap", type=int, default=32, help="pixels that tiles share (default: 32)")
    add("--memory", type=memory_size, default="1G", help="for feature maps (default: 1G)")
    server = parser.add_argument_group("server")
    add = server.add_argument
    add("--max-pixels", type=int, default=2**25, help="refuse larger images (%(default)s)")
    add("--jpeg", type=int, metavar="QUALITY", help="answer with JPEG, 1 to 100 (default: PNG)")
    add("--no-webp", action="store_true", help="leave WebP out, for servers that lack its decoder")
    add_weights_options(parser, "manifest")
    add = parser.add_argument
    add("--scores", type=Path, metavar="FILE.json", help="for the manifest: evaluate.py --json")
    add("--force", action="store_true", help="even a task that is not the preset's")
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Exports, and prints what was compared."""
    target = args.out / str(args.version)
    if target.exists() and not args.overwrite:
        raise UsageError(f"{target} exists; choose another --version or pass --overwrite.")
    scores = {"scores": _scores(args.scores)} if args.scores else {}
    quiet_tensorflow()
    console = Console(stderr=True, highlight=False)
    with shown_progress(console) as show:
        # Late, so that a wrong command is answered at once.
        from hinet_tf import export_saved_model
        from hinet_tf.inference.model_file import open_model

        report = export_saved_model(
            open_model(args.model, local=args.local),
            args.out,
            args.version,
            output="stage1" if args.fast else "restored",
            precision=args.precision,
            tile=args.tile,
            overlap=args.overlap,
            self_ensemble=args.self_ensemble,
            memory=args.memory,
            max_pixels=args.max_pixels,
            jpeg_quality=args.jpeg,
            webp=not args.no_webp,
            details=weights_details(args) | scores,
            overwrite=args.overwrite,
            on_progress=show,
        )
    for check in report.manifest["checks"]:
        console.print(
            f"[green]holds[/]  {check['signature']}: differs from Restorer by "
            f"{check['difference']:g}, allowed {check['allowed']:g}"
        )
    print(f"{report.path}, fingerprint {report.manifest['fingerprint'][:12]}")
    return EXIT_DONE


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
        raise UsageError(f"--scores {path} is no readable JSON file: {error}.") from error


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    args = parse_args(argv)
    return run_command(lambda: run(args))


if __name__ == "__main__":
    raise SystemExit(main())
