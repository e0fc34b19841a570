"""Converts official PyTorch weights of HINet into a Keras model file.

    hinet convert --torch HINet-GoPro.pth --out hinet_gopro.keras

Width, depth, normalized levels and channels are read off the file. Code in the file is never
run. Needs PyTorch (pip install 'hinet-tf[torch]'). In a checkout,
training/convert_weights.py is the same command.
"""

import argparse

from hinet_tf.command_line import CommandParser, UsageError, command_main, load_tensorflow
from hinet_tf.commands.checks import check_model, check_out_file
from hinet_tf.commands.options import add_out_option, add_quiet_option
from hinet_tf.files import atomic_path


def make_parser() -> CommandParser:
    """The parser of the command."""
    parser = CommandParser(__doc__, "convert")
    parser.add_argument("--torch", required=True, metavar="FILE.pth", help="official checkpoint")
    add_out_option(parser, "FILE.keras", "model file to write")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")
    add_quiet_option(parser)
    return parser


def run(args: argparse.Namespace) -> None:
    """Converts as the command line says."""
    check_out_file(args.out, ".keras", args.overwrite)
    if not args.torch.endswith((".pth", ".pt")):
        raise UsageError(f"--torch must end in .pth. Received: {args.torch}")
    check_model(args.torch)
    load_tensorflow(args.quiet)
    # Late, so that a wrong command is answered at once.
    from hinet_tf.models import load_torch_checkpoint

    model = load_torch_checkpoint(args.torch)
    with atomic_path(args.out) as temporary:
        model.save(temporary)
    if not args.quiet:
        print(
            f"Wrote {args.out}: HINet of width {model.width}, depth {model.depth}, "
            f"hin_levels {model.hin_levels}, {model.count_params():,} parameters."
        )


main = command_main(run, make_parser)
