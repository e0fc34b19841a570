r"""Exports a trained model as a verified .tflite file for phones and browsers.

    hinet export tflite --model denoise.keras --out denoise.tflite
    hinet export tflite --model denoise.keras --out fast.tflite --quantization int8_dynamic
    hinet export tflite --model denoise.keras --out npu.tflite --quantization int8 \
        --max-drop 0.1 --calibration photos/
    hinet export tflite --model denoise.keras --out sizes.tflite \
        --size 256x256 --size 512x512 --size 720x1280

The file is checked against the Keras model on real photos before it is written; FILE.json and
FILE.html beside it are the report. docs/tflite.md explains recipes and checks. In a checkout,
export/tflite.py is the same command.
"""

import argparse

from hinet_tf.command_line import CommandParser, UsageError, command_main, load_tensorflow
from hinet_tf.commands.checks import check_data, check_model, check_out_file, check_sizes
from hinet_tf.commands.extras import check_quantizer
from hinet_tf.commands.options import (
    TRAINED,
    add_model_option,
    add_network_options,
    add_out_option,
    add_quiet_option,
    add_weights_options,
    image_size,
    message_console,
    weights_details,
)
from hinet_tf.commands.progress import shown_progress
from hinet_tf.deploy.tflite.recipes import QUANTIZATION_RECIPES


def make_parser() -> CommandParser:
    """The parser of the command."""
    parser = CommandParser(__doc__, "export tflite")
    add_model_option(parser, TRAINED, required=True)
    add_out_option(parser, "FILE.tflite", "file to write")
    add_network_options(parser, "for sizes above 384")
    add = parser.add_argument
    recipes = tuple(QUANTIZATION_RECIPES)
    add("--quantization", choices=recipes, default="float16", help="default: float16")
    sizes = {"action": "append", "type": image_size, "metavar": "HxW"}
    add("--size", **sizes, dest="sizes", help="default: 256x256; repeatable")
    add("--image-type", choices=("float32", "uint8"), default="float32", help="default: float32")
    add("--max-drop", type=float, metavar="DB", help="PSNR that may be lost (default: by recipe)")
    add("--photos", default="builtin", metavar="DIR", help="photos to verify on (val split)")
    add(
        "--calibration",
        default="builtin",
        metavar="DIR",
        help="photos that calibrate 8 bits (train split)",
    )
    add("--overwrite", action="store_true", help="replace an existing file")
    add("--force", action="store_true", help="even if a check fails, or --task is not the preset's")
    add_weights_options(parser, "metadata of the weights")
    add_quiet_option(parser)
    return parser


def run(args: argparse.Namespace) -> None:
    """Exports and prints the checks."""
    check_out_file(args.out, ".tflite", args.overwrite)
    check_quantizer([args.quantization])
    if args.max_drop is not None and args.max_drop < 0:
        raise UsageError(f"--max-drop must not be negative. Received: {args.max_drop:g}")
    check_data(args.photos, "--photos")
    check_data(args.calibration, "--calibration")
    check_model(args.model, exported=False)
    check_sizes(args.sizes or (), args.model)
    details = weights_details(args)
    load_tensorflow(args.quiet)
    console = message_console(args)
    with shown_progress(console) as show:
        # Late, so that a wrong command is answered at once.
        from hinet_tf.deploy.tflite.export import export_tflite
        from hinet_tf.models import open_model

        report = export_tflite(
            open_model(args.model, local=args.local),
            args.out,
            args.sizes or [(256, 256)],
            args.quantization,
            output="stage1" if args.fast else "restored",
            image_type=args.image_type,
            max_drop=args.max_drop,
            photos=args.photos,
            calibration=args.calibration,
            details=details,
            overwrite=args.overwrite,
            force=args.force,
            on_progress=show,
        )
    marks = {True: "[green]holds[/]", False: "[red]FAILS[/]", None: "[yellow]open [/]"}
    for check in report.checks:
        console.print(f"{marks[check.passed]}  {check.name}: {check.measured}", soft_wrap=True)
    megabytes = args.out.stat().st_size / 1e6
    if not args.quiet:
        print(f"{args.out} ({megabytes:.1f} MB), report in {args.out.with_suffix('.html')}")


main = command_main(run, make_parser)
