"""Trains HINet: denoising, deblurring, deraining or removal of JPEG artefacts.

    python training/train.py --task denoise
    python training/train.py --task denoise --data DIR --scale 0.25 --patch 128 --batch 16
    python training/train.py --task deblur --recipe gopro --data tfds:gopro
    python training/train.py --task derain --data DIR --precision bfloat16 --accumulate 8

Without --data it trains a small network on photos that come with scikit-image, one of them held
back, and degrades them itself. With --data it follows the paper's recipe, which is made for
several large GPUs. DIR holds {train,val}/{input,target}, or any clean images. The same command
again resumes an interrupted run; with more --steps it prolongs a finished one. On several GPUs or,
with TF_CONFIG, on several machines, the same command trains the same network faster.
"""

import argparse
import importlib.util
from collections.abc import Sequence

from hinet_tf.command_line import (
    EXIT_DONE,
    CommandParser,
    UsageError,
    quiet_tensorflow,
    run_command,
)
from hinet_tf.commands.recipe_options import add_recipe_arguments, recipe_from


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = CommandParser(__doc__)
    add_recipe_arguments(parser)
    parser.add_argument("--wandb", metavar="PROJECT", help="also log to Weights & Biases")
    parser.add_argument(
        "--dry-run", action="store_true", help="print the recipe and its cost, and train nothing"
    )
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Trains as the command line says; returns the exit code."""
    recipe = recipe_from(args)
    if args.wandb and importlib.util.find_spec("wandb") is None:
        raise UsageError("--wandb needs the package wandb: pip install 'hinet-tf[wandb]'")
    quiet_tensorflow()
    # Late, so that a wrong command is answered at once.
    from hinet_tf.commands.preset_options import check_task
    from hinet_tf.data import open_sources
    from hinet_tf.engine import distribution, recipe_parts
    from hinet_tf.engine.estimates import check_memory, describe
    from hinet_tf.engine.run_directory import RunDirectory
    from hinet_tf.engine.training_session import TrainingSession

    if recipe.init:
        check_task(recipe.init, recipe.task, args.force)
    distribution.check_workers(recipe.batch)
    strategy = distribution.choose_strategy()
    distribution.check_batch(recipe.batch, recipe.accumulate, strategy)
    if args.dry_run:
        print(describe(recipe, strategy))
        return EXIT_DONE
    chief = distribution.is_chief(strategy)
    with RunDirectory(args.run or f"runs/{args.task}", writable=chief) as directory:
        directory.check(recipe)
        if directory.finished(recipe):
            print(f"{directory.path}: already finished at step {recipe.steps:,}: nothing to do")
            return EXIT_DONE
        bad: dict[str, None] = {}
        on_bad = (lambda error: bad.setdefault(str(error))) if args.skip_bad else None
        sources = open_sources(recipe.data, "train", on_bad=on_bad)
        with strategy.scope():
            network = recipe_parts.build_network(recipe)
        check_memory(recipe, network)
        session = TrainingSession(recipe, strategy, network, directory, args.wandb, on_bad)
        start = session.resume()
        if start and chief:
            print(f"{directory.path}: resuming at step {start:,}")
        directory.claim(recipe)
        data = distribution.distribute(
            strategy,
            recipe.batch,
            lambda shards, shard: recipe_parts.training_data(recipe, sources, start, shards, shard),
        )
        finished = session.fit(data)
        if chief:
            print(session.finish() if finished else session.how_to_resume())
            for number, reason in enumerate(bad, start=1):
                print(f"left out, {number} of {len(bad)}: {reason}")
    return EXIT_DONE


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    args = parse_args(argv)
    return run_command(lambda: run(args))


if __name__ == "__main__":
    raise SystemExit(main())
