"""Converts official PyTorch weights of HINet into a Keras model file.

    python training/convert_weights.py --torch HINet-GoPro.pth --out hinet_gopro.keras

Width, depth, normalized levels and channels are read off the file. Code in the file is never
run. Needs PyTorch (pip install 'hinet-tf[torch]').
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from hinet_tf.command_line import (
    EXIT_DONE,
    CommandParser,
    UsageError,
    quiet_tensorflow,
    run_command,
)
from hinet_tf.files import atomic_path


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = CommandParser(__doc__)
    parser.add_argument("--torch", required=True, metavar="FILE.pth", help="official checkpoint")
    parser.add_argument("--out", required=True, metavar="FILE.keras", help="model file to write")
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Converts as the command line says; returns the exit code."""
    if Path(args.out).suffix != ".keras":
        raise UsageError(f"--out must end in .keras. Received: {args.out}")
    quiet_tensorflow()
    # Late, so that a wrong command is answered at once.
    from hinet_tf.models import load_torch_checkpoint

    model = load_torch_checkpoint(args.torch)
    with atomic_path(args.out) as temporary:
        model.save(temporary)
    print(
        f"Wrote {args.out}: HINet of width {model.width}, depth {model.depth}, "
        f"hin_levels {model.hin_levels}, {model.count_params():,} parameters."
    )
    return EXIT_DONE


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    args = parse_args(argv)
    return run_command(lambda: run(args))


if __name__ == "__main__":
    raise SystemExit(main())
