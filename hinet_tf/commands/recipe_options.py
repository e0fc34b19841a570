"""A recipe on the command line: the same options for every program that trains."""

import argparse
from pathlib import Path

from hinet_tf.command_line import UsageError
from hinet_tf.commands.checks import (
    check_apart,
    check_data,
    check_initial_weights,
    check_out_folder,
)
from hinet_tf.commands.preset_options import check_task
from hinet_tf.files import json_object
from hinet_tf.models.presets.registry import preset_names
from hinet_tf.processor import fastest_precision
from hinet_tf.tasks import RECIPES, TASKS, get_recipe, quick_recipe
from hinet_tf.tasks.recipe import DEGRADATIONS, PRECISIONS, QUANTIZED, Recipe

_AUTO = "auto"
# Options that are recipe keys of the same name, spelled out because they are wanted often.
_SHORTCUTS = {
    "data": "builtin, a paired folder, a folder of clean images, or tfds:NAME",
    "scale": "size of the network: 64 * SCALE channels; a multiple of 1/32, up to 8",
    "steps": "optimizer steps",
    "batch": "pairs per step, over all devices",
    "patch": "side of the training patches in pixels",
    "accumulate": "parts that a batch is split into, to need less memory",
    "init": "weights to start from: a .keras model, official .pth, run directory or preset: "
    + ", ".join(preset_names()),
    "quantize": f"train with the rounding of a .tflite recipe: {' or '.join(QUANTIZED)}",
    "precision": f"arithmetic of the layers: {', '.join(PRECISIONS)}, or auto: bfloat16 where it "
    "is faster here, else float32; a run keeps what it began with (default: %(default)s)",
}


def add_recipe_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that decide what is trained, and where to.

    Args:
        parser: The program's parser.
    """
    parser.add_argument("--task", required=True, choices=TASKS, help="what to learn to remove")
    parser.add_argument(
        "--recipe", choices=RECIPES, help="an official variant (default: the paper's)"
    )
    for key, meaning in _SHORTCUTS.items():
        parser.add_argument(f"--{key}", metavar=key.upper(), help=meaning)
    parser.set_defaults(precision=_AUTO)
    parser.add_argument(
        "--lr", "--learning-rate", dest="learning_rate", metavar="RATE", help="of the first step"
    )
    add_set_option(parser, "any other recipe key, such as ema=0.999 (repeatable)")
    parser.add_argument("--run", metavar="DIR", help="run directory (default: runs/TASK)")
    parser.add_argument(
        "--skip-bad", action="store_true", help="leave unusable images out and list them at the end"
    )
    parser.add_argument(
        "--force", action="store_true", help="start from a preset of another task all the same"
    )


def add_set_option(parser: argparse.ArgumentParser, meaning: str) -> None:
    """Adds `--set KEY=VALUE`.

    Args:
        parser: The program's parser.
        meaning: Its help.
    """
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=meaning)


def recipe_from(args: argparse.Namespace) -> Recipe:
    """Returns the recipe that the options of `add_recipe_arguments` describe, looked through.

    Args:
        args: The parsed command line; `run` becomes the run directory where none is named.

    Returns:
        The task's recipe, its small version where neither data nor recipe is named, with all
        overrides.

    Raises:
        UsageError: If an override or the choice of the recipe is wrong, or data, initial weights
            or run directory will not do.
    """
    keys = (*_SHORTCUTS, "learning_rate")
    overrides = [f"{key}={getattr(args, key)}" for key in keys if getattr(args, key) is not None]
    overrides += args.set
    quick = args.data is None and args.recipe is None
    args.run = Path(args.run or f"runs/{args.task}")
    # The last one counts.
    stated = [override for override in overrides if override.startswith("precision=")]
    automatic = stated[-1] == f"precision={_AUTO}"
    if automatic:
        overrides = [override for override in overrides if override not in stated]
    recipe = overridden_recipe(args, overrides, quick)
    if recipe.batch % recipe.accumulate:
        raise UsageError(
            f"A batch of {recipe.batch} cannot be divided evenly into {recipe.accumulate} parts. "
            f"Use a multiple of {recipe.accumulate}."
        )
    check_data(recipe.data)
    # A run that has begun has weights of its own; a quantized one goes by the first ones still.
    has_begun = any((args.run / "checkpoints").glob("step-*.npz"))
    if not has_begun:
        check_degradation_keys(recipe, args.set)
    if recipe.init and (recipe.quantize or not has_begun):
        check_initial_weights(recipe.init)
        check_task(recipe.init, recipe.task, args.force)
    check_out_folder(args.run, "--run")
    for name in recipe.data.split(","):
        folder = Path(name.strip())
        # Of a folder with splits only these are read.
        splits = [folder / "train", folder / "val"] if (folder / "train").is_dir() else [folder]
        for split in splits:
            check_apart(args.run, str(split), "--run")
    if automatic:
        # Last: where there is a GPU, TensorFlow starts to ask it.
        precision = None if recipe.quantize else _precision_of(args.run) or fastest_precision()
        recipe = recipe.replace(precision=precision or "float32")
    return recipe


def _precision_of(run: Path) -> str | None:
    """What a training that is there already computes in, on whichever machine it began."""
    try:
        return json_object((run / "config.json").read_bytes()).get("precision")
    except (OSError, ValueError):
        return None


def overridden_recipe(
    args: argparse.Namespace, overrides: list[str], quick: bool = False
) -> Recipe:
    """Returns the recipe of `--task` and `--recipe` with other values.

    Args:
        args: The parsed command line.
        overrides: The values, of the form `key=value`.
        quick: Whether to take the small version.

    Raises:
        UsageError: If an override or the choice of the recipe is wrong.
    """
    try:
        name = getattr(args, "recipe", None)
        recipe = quick_recipe(args.task) if quick else get_recipe(args.task, name)
        return recipe.with_overrides(overrides)
    except ValueError as error:
        raise UsageError(str(error)) from error


def check_degradation_keys(recipe: Recipe, overrides: list[str]) -> None:
    """Refuses a strength of a degradation that is not the recipe's: it would change nothing.

    Args:
        recipe: The recipe.
        overrides: The values of `--set`.

    Raises:
        UsageError: If there is one.
    """
    for key in (override.partition("=")[0].strip() for override in overrides):
        takers = [name for name, (_, keys) in DEGRADATIONS.items() if key in keys]
        if takers and recipe.degradation not in takers:
            raise UsageError(
                f"--set {key}: degradation={recipe.degradation} has none; leave it out, or add "
                f"--set degradation={' or '.join(takers)}."
            )
