"""Converts official PyTorch weights of HINet into a Keras model file.

    hinet convert --torch HINet-GoPro.pth --out hinet_gopro.keras

Width, depth, normalized levels and channels are read off the file. Code in the file is never
run. Needs PyTorch (pip install 'hinet-tf[torch]'). In a checkout,
training/convert_weights.py is the same command.
"""

import argparse
from collections.abc import Sequence

from hinet_tf.command_line import (
    EXIT_DONE,
    CommandParser,
    UsageError,
    load_tensorflow,
    run_command,
)
from hinet_tf.commands.checks import check_model, check_out_file
from hinet_tf.commands.options import add_out_option, add_quiet_option
from hinet_tf.files import atomic_path


def make_parser() -> CommandParser:
    """The parser of the command."""
    parser = CommandParser(__doc__, "convert")
    parser.add_argument("--torch", required=True, metavar="FILE.pth", help="official checkpoint")
    add_out_option(parser, "FILE.keras", "model file to write")
    add_quiet_option(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Converts as the command line says; returns the exit code."""
    check_out_file(args.out, ".keras")
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
    return EXIT_DONE


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return run_command(lambda: run(make_parser().parse_args(argv)), make_parser, argv)
