r"""Exports a page that restores photos in the browser, and shows it.

    hinet export web --out page --serve
    hinet export web --model denoise_0.25x dejpeg_0.25x --out page --serve
    hinet export web --model denoise.keras --size 512x512 --out page
    hinet export web --model my.tflite --out page
    hinet export web --out page --serve        # again: shows what is there

DIR is a static page for any host. Photos stay on the visitor's device. docs/web.md says more.
`hinet-web` and, in a checkout, export/web.py are the same command.
"""

import argparse
import functools
import tempfile
import webbrowser
from pathlib import Path

from hinet_tf.command_line import CommandParser, UsageError, command_main, load_tensorflow
from hinet_tf.commands.checks import check_model, check_out_folder, check_sizes
from hinet_tf.commands.options import (
    add_out_option,
    add_quiet_option,
    image_size,
    message_console,
)
from hinet_tf.commands.progress import shown_progress
from hinet_tf.models.presets.registry import DEFAULT_PRESET

_PAGE = Path(__file__).with_name("web")
_MANIFEST = "models.json"
# Two of it, with their overlap, cover 512 pixels: 56 % of the work that three of 256 make.
_TILE = (288, 288)


def make_parser() -> CommandParser:
    """The parser of the command."""
    parser = CommandParser(__doc__, "export web")
    add = parser.add_argument
    add_out_option(parser, "DIR", "folder of the page")
    model = f".keras, preset, official .pth or .tflite; several (default: {DEFAULT_PRESET})"
    add("--model", nargs="+", metavar="M", help=model)
    sizes = {"action": "append", "type": image_size, "metavar": "HxW"}
    add("--size", **sizes, help="of tiles, a multiple of 16 (default: 288x288); repeatable")
    add("--overwrite", action="store_true", help="replace the page in DIR")
    add("--serve", action="store_true", help="show the page in the browser, until Ctrl-C")
    add("--port", type=int, default=8000, help="for --serve (default: %(default)s; 0: any)")
    add_quiet_option(parser)
    return parser


def run(args: argparse.Namespace) -> None:
    """Exports the page, if it is not there; then serves it."""
    is_page = (args.out / _MANIFEST).is_file()
    if args.out.exists() and not is_page and (args.out.is_file() or any(args.out.iterdir())):
        raise UsageError(f"{args.out} exists and is no page; choose another name for --out.")
    given = "--model" if args.model else "--size"
    if is_page and (args.model or args.size) and not args.overwrite:
        raise UsageError(
            f"{args.out} holds a page; pass --overwrite to replace it, or leave {given} out to "
            "show it with --serve."
        )
    if not is_page or args.overwrite:
        check_out_folder(args.out)
        _export(args)
    elif not args.serve:
        raise UsageError(
            f"{args.out} holds a page already; pass --overwrite to replace it, or --serve to show "
            "it."
        )
    if args.serve:
        _serve(args)


def _export(args: argparse.Namespace) -> None:
    names = args.model or [DEFAULT_PRESET]
    stems = [Path(name).name.removesuffix(".tflite").removesuffix(".keras") for name in names]
    if len(set(stems)) < len(stems):
        raise UsageError(f"Models need names of their own. Received: {', '.join(names)}")
    for name in names:
        check_model(name)
        check_sizes(args.size or (), name)
    load_tensorflow(args.quiet)
    console = message_console(args)
    with shown_progress(console) as show, tempfile.TemporaryDirectory() as folder:
        # Late, so that a wrong command is answered at once.
        from hinet_tf import export_tflite
        from hinet_tf.commands.preset_options import model_details
        from hinet_tf.deploy.web.page import export_web_page
        from hinet_tf.models import open_model

        models = {}
        for name, stem in zip(names, stems, strict=True):
            model = open_model(name)
            models[stem] = Path(folder) / f"{stem}.tflite"
            if Path(name).suffix == ".tflite":
                models[stem] = Path(name)
                continue
            if isinstance(model, Path):
                raise UsageError(f"{name} is a SavedModel; the page takes the .keras file.")
            export_tflite(
                model,
                models[stem],
                args.size or [_TILE],
                "float16",
                details=model_details(name),
                on_progress=functools.partial(show, prefix=f"{stem}: "),
            )
        show("Writing the page")
        manifest = export_web_page(models, _PAGE, args.out)
    size = sum(path.stat().st_size for path in args.out.rglob("*") if path.is_file())
    if not args.quiet:
        print(f"{manifest.parent} ({size / 1e6:.1f} MB), models: {', '.join(stems)}", flush=True)


def _serve(args: argparse.Namespace) -> None:
    from hinet_tf.deploy.web.server import PageServer

    with PageServer(args.out, args.port) as server:
        print(f"{server.url}   Ctrl-C ends it.", flush=True)
        webbrowser.open(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


main = command_main(run, make_parser)


if __name__ == "__main__":
    raise SystemExit(main())
