"""Trains HINet: denoising, deblurring, deraining or removal of JPEG artefacts.

    hinet train --task denoise
    hinet train --task denoise --data DIR --scale 0.25 --patch 128 --batch 16
    hinet train --task deblur --recipe gopro --data tfds:gopro
    hinet train --task derain --data DIR --precision bfloat16 --accumulate 8

Without --data it trains a small network on photos that come with scikit-image, one of them held
back, and degrades them itself. With --data it follows the paper's recipe, which is made for
several large GPUs. DIR holds {train,val}/{input,target}, or any clean images. The same command
again resumes an interrupted run; with more --steps it prolongs a finished one. On several GPUs or,
with TF_CONFIG, on several machines, the same command trains the same network faster. `hinet-train`
and, in a checkout, training/train.py are the same command.
"""

import argparse
import functools
from collections.abc import Callable
from typing import Any

from hinet_tf.command_line import CommandParser, command_main, load_tensorflow
from hinet_tf.commands.extras import check_extra
from hinet_tf.commands.options import add_quiet_option
from hinet_tf.commands.recipe_options import add_recipe_arguments, recipe_from
from hinet_tf.tasks import Recipe


def make_parser() -> CommandParser:
    """The parser of the command."""
    parser = CommandParser(__doc__, "train")
    add_recipe_arguments(parser)
    parser.add_argument("--wandb", metavar="PROJECT", help="also log to Weights & Biases")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="look at the data, print the recipe and its cost, and train nothing",
    )
    add_quiet_option(parser)
    return parser


def run(args: argparse.Namespace) -> None:
    """Trains as the command line says."""
    recipe = recipe_from(args)
    if args.wandb:
        check_extra("wandb", "--wandb needs the package wandb", "wandb")
    if not args.dry_run and finished_before(args, recipe):
        return
    load_tensorflow(args.quiet)
    # Late, so that a wrong command is answered at once.
    from hinet_tf.data import open_sources
    from hinet_tf.engine import distribution, recipe_parts
    from hinet_tf.engine.estimates import check_memory, describe
    from hinet_tf.engine.training_session import TrainingSession

    distribution.check_workers(recipe.batch)
    # An estimate is of one small patch, which is no work for several parts; and the ranges of a
    # quantized training follow from whole batches, on any machine.
    whole = args.dry_run or recipe.quantize
    parts = 1 if whole else distribution.share_out_cores(recipe.batch, recipe.accumulate)
    strategy = distribution.choose_strategy()
    distribution.check_batch(recipe.batch, recipe.accumulate, strategy)
    if args.dry_run:
        images = [
            sum(map(len, open_sources(recipe.data, split, cache="none")))
            for split in ("train", "val")
        ]
        print(describe(recipe, strategy))
        print(f"data           {images[0]:,} images to train on, {images[1]:,} to validate on")
        return

    def make_session(directory: Any, open_images: Callable[[str], Any]) -> TrainingSession:
        with strategy.scope():
            network = recipe_parts.build_network(recipe, concurrent_parts=parts)
        check_memory(recipe, network)
        return TrainingSession(
            recipe, strategy, network, directory, open_images, args.wandb, args.quiet
        )

    writable = strategy.extended.should_checkpoint
    train_in_directory(args, recipe, open_sources, make_session, writable)


def finished_before(args: argparse.Namespace, recipe: Recipe) -> bool:
    """Says so where the run directory holds this very training, finished.

    Args:
        args: The parsed command line.
        recipe: Its recipe.

    Raises:
        ValueError: If the directory holds a training of another recipe.
    """
    from hinet_tf.engine.run_directory import RunDirectory

    directory = RunDirectory(args.run)
    directory.check(recipe)
    finished = directory.finished(recipe)
    if finished and not args.quiet:
        print(f"{directory.path}: already finished at step {recipe.steps:,}: nothing to do")
    return finished


def train_in_directory(
    args: argparse.Namespace,
    recipe: Recipe,
    open_split: Callable[..., Any],
    make_session: Callable[..., Any],
    writable: bool = True,
) -> None:
    """Trains into the run directory, from its newest checkpoint on.

    Args:
        args: The parsed command line.
        recipe: Its recipe.
        open_split: `open_sources` or what opens images like it.
        make_session: From the locked directory, and from the name of a split to its images, to the
            session.
        writable: Whether this process writes and speaks, as one of several workers does.
    """
    from hinet_tf.engine.run_directory import RunDirectory

    def say(text: str) -> None:
        if writable and not args.quiet:
            print(text, flush=True)

    with RunDirectory(args.run, writable=writable) as directory:
        directory.check(recipe)
        if recipe.precision == "bfloat16":
            say("Computing in bfloat16; --precision float32 for float32.")
        bad: dict[str, None] = {}
        on_bad = (lambda error: bad.setdefault(str(error))) if args.skip_bad else None
        open_images = functools.partial(open_split, recipe.data, on_bad=on_bad)
        images = open_images("train")
        session = make_session(directory, open_images)
        start = session.resume()
        if start:
            say(f"{directory.path}: resuming at step {start:,}")
        directory.claim(recipe)
        finished = session.fit(images)
        if writable:
            say(session.finish() if finished else session.how_to_resume())
        for number, reason in enumerate(bad, start=1):
            say(f"left out, {number} of {len(bad)}: {reason}")


main = command_main(run, make_parser)
