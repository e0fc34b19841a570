r"""Exports a complete Android project that restores photos on the phone.

    hinet export android --out app
    hinet export android --model deblur_0.25x --out app
    hinet export android --model denoise.keras --size 512x512 --out app

Open DIR in Android Studio, or run `gradle assembleDebug` in it. It holds a float16 model for GPUs,
an int8 one for processors, and Kotlin filled with their names and sizes; docs/android.md says more.
In a checkout, export/android.py is the same command.
"""

import argparse
import re
import shutil
from pathlib import Path
from xml.sax.saxutils import escape

from hinet_tf.command_line import CommandParser, UsageError, command_main, load_tensorflow
from hinet_tf.commands.checks import check_model, check_out_folder, check_sizes
from hinet_tf.commands.options import (
    add_out_option,
    add_quiet_option,
    image_size,
    message_console,
)
from hinet_tf.commands.progress import shown_progress
from hinet_tf.files import atomic_path
from hinet_tf.models.presets.registry import DEFAULT_PRESET

_PROJECT = Path(__file__).with_name("android")
_SOURCES = Path("app", "src", "main")


def make_parser() -> CommandParser:
    """The parser of the command."""
    parser = CommandParser(__doc__, "export android")
    add = parser.add_argument
    add_out_option(parser, "DIR", "folder of the project, new")
    model = ".keras, preset or official .pth (default: %(default)s)"
    add("--model", default=DEFAULT_PRESET, metavar="M", help=model)
    size = {"type": image_size, "metavar": "HxW", "default": (256, 256)}
    add("--size", **size, help="of tiles, square, a multiple of 16 (default: 256x256)")
    add_quiet_option(parser)
    return parser


def run(args: argparse.Namespace) -> None:
    """Writes the project."""
    if args.size[0] != args.size[1]:
        raise UsageError(f"--size must be square. Received: {args.size[0]}x{args.size[1]}")
    if args.out.exists():
        raise UsageError(f"{args.out} exists; choose another name for --out.")
    check_out_folder(args.out)
    check_model(args.model, exported=False)
    check_sizes([args.size], args.model)
    load_tensorflow(args.quiet)
    with shown_progress(message_console(args)) as show:
        # Late, so that a wrong command is answered at once.
        from hinet_tf import export_tflite
        from hinet_tf.commands.preset_options import model_details
        from hinet_tf.deploy.tflite.metadata import read_metadata
        from hinet_tf.models import open_model

        model = open_model(args.model)
        if getattr(model, "channels", 3) != 3:
            raise UsageError(f"The app restores RGB photos. Received: {args.model}, for gray ones.")
        with atomic_path(args.out) as project:
            shutil.copytree(_PROJECT, project)
            assets = project / _SOURCES / "assets"
            name = re.sub(r"\W", "_", Path(args.model).name.removesuffix(".keras"))
            files = {"float16": f"{name}.tflite", "int8_dynamic": f"{name}_cpu.tflite"}
            for recipe, file in files.items():
                show(f"Exporting {file}")
                details = model_details(args.model)
                export_tflite(model, assets / file, [args.size], recipe, details=details)
                (assets / file).with_suffix(".json").unlink()
                (assets / file).with_suffix(".html").unlink()
            fill(project, files, read_metadata(assets / files["float16"]))
    if not args.quiet:
        print(f"{args.out}: open it in Android Studio, or run gradle assembleDebug in it.")


def fill(project: Path, files: dict[str, str], about: dict) -> None:
    """Writes what is known of the model into a copy of the project.

    Args:
        project: The copy.
        files: Recipe -> name of the file in `assets`, for `float16` and `int8_dynamic`.
        about: Metadata of the float16 file.
    """
    height, width = about["tiling"]["tile"]
    values = {
        "GPU_FILE": f'"{files["float16"]}"',
        "CPU_FILE": f'"{files["int8_dynamic"]}"',
        "SIGNATURE": f'"restore_{height}x{width}"',
        "TILE": str(width),
        "OVERLAP": str(min(about["tiling"]["overlap"], width // 3)),
        "WHITE": f"{about['image']['range'][1]}f",
    }
    kotlin = project / _SOURCES / "kotlin" / "hinet" / "restore" / "ModelFile.kt"
    text = kotlin.read_text(encoding="utf-8")
    for name, value in values.items():
        text = re.sub(rf"(const val {name} = ).+", lambda m, v=value: m[1] + v, text)
    kotlin.write_text(text, encoding="utf-8")
    strings = project / _SOURCES / "res" / "values" / "strings.xml"
    title = "HINet" if about["task"] == "unknown" else f"HINet {about['task']}"
    text = strings.read_text(encoding="utf-8").replace(">HINet<", f">{escape(title)}<")
    strings.write_text(text, encoding="utf-8")


main = command_main(run, make_parser)


if __name__ == "__main__":
    raise SystemExit(main())
