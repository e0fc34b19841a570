"""Trains HINet on one accelerator with JAX, without TensorFlow.

    python training/train_on_device.py --task denoise --data DIR --scale 0.25 --precision bfloat16
    python training/train_on_device.py --task deblur --data DIR,DIR --set shares=9,1
    python training/train_on_device.py --task denoise --data DIR --stop-after 540

The same recipes, layers, losses, run directories and options as training/train.py; either program
goes on with the other's run. The images are decoded once, held in the accelerator's memory, and
cut, degraded and turned there. It takes images in folders (8 bits per value), one device, and the
precisions float32 and bfloat16. The same command again resumes; --stop-after ends it in time on a
machine that is lent.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from hinet_tf.command_line import EXIT_DONE, CommandParser, UsageError, run_command
from hinet_tf.commands.recipe_options import add_recipe_arguments, recipe_from
from hinet_tf.tasks import Recipe


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = CommandParser(__doc__)
    add_recipe_arguments(parser)
    parser.add_argument(
        "--stop-after", type=float, metavar="SECONDS", help="save and stop after so long"
    )
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Trains as the command line says; returns the exit code."""
    recipe = recipe_from(args)
    _check(recipe)
    os.environ["KERAS_BACKEND"] = "jax"
    # Keras looks for TensorFlow's types when it saves a model, and would import it to do so.
    sys.modules.setdefault("tensorflow", None)
    # Late, so that a wrong command is answered at once.
    from hinet_tf.commands.preset_options import check_task
    from hinet_tf.data.sources.image_list import open_image_lists
    from hinet_tf.engine import recipe_parts
    from hinet_tf.engine.on_device.session import DeviceSession
    from hinet_tf.engine.run_directory import RunDirectory

    if recipe.init:
        check_task(recipe.init, recipe.task, args.force)
    with RunDirectory(args.run or f"runs/{args.task}") as directory:
        directory.check(recipe)
        if directory.finished(recipe):
            print(f"{directory.path}: already finished at step {recipe.steps:,}: nothing to do")
            return EXIT_DONE
        bad: dict[str, None] = {}
        on_bad = (lambda error: bad.setdefault(str(error))) if args.skip_bad else None
        images = open_image_lists(recipe.data, "train", on_bad)
        network = recipe_parts.build_plain_network(recipe)
        session = DeviceSession(recipe, network, directory, args.stop_after, on_bad)
        start = session.resume()
        if start:
            print(f"{directory.path}: resuming at step {start:,}")
        directory.claim(recipe)
        finished = session.fit(images)
        print(session.finish() if finished else session.how_to_resume())
        for number, reason in enumerate(bad, start=1):
            print(f"left out, {number} of {len(bad)}: {reason}")
    return EXIT_DONE


def _check(recipe: Recipe) -> None:
    if recipe.precision == "float16":
        raise UsageError(
            "Precision float16 needs a loss scale, which only training/train.py has. Use bfloat16."
        )
    if recipe.batch % recipe.accumulate:
        raise UsageError(
            f"A batch of {recipe.batch} cannot be divided evenly into {recipe.accumulate} parts. "
            f"Use a multiple of {recipe.accumulate}."
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    args = parse_args(argv)
    return run_command(lambda: run(args))


if __name__ == "__main__":
    raise SystemExit(main())
