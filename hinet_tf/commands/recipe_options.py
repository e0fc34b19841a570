"""A recipe on the command line: the same options for every program that trains."""

import argparse

from hinet_tf.command_line import UsageError
from hinet_tf.tasks import RECIPES, TASKS, get_recipe, quick_recipe
from hinet_tf.tasks.recipe import PRECISIONS, Recipe

# Options that are recipe keys of the same name, spelled out because they are wanted often.
_SHORTCUTS = {
    "data": "builtin, a paired folder, a folder of clean images, or tfds:NAME",
    "scale": "size of the network: 64 * SCALE channels, 0.125 to 2",
    "steps": "optimizer steps",
    "batch": "pairs per step, over all devices",
    "patch": "side of the training patches in pixels",
    "accumulate": "parts that a batch is split into, to need less memory",
    "init": "weights to start from: a .keras model, official .pth, preset or run directory",
    "precision": f"arithmetic of the layers: {', '.join(PRECISIONS)}",
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
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="any other recipe key, such as learning_rate=1e-3 (repeatable)",
    )
    parser.add_argument("--run", metavar="DIR", help="run directory (default: runs/TASK)")
    parser.add_argument(
        "--skip-bad", action="store_true", help="leave unusable images out and list them at the end"
    )
    parser.add_argument(
        "--force", action="store_true", help="start from a preset of another task all the same"
    )


def recipe_from(args: argparse.Namespace) -> Recipe:
    """Returns the recipe that the options of `add_recipe_arguments` describe.

    Args:
        args: The parsed command line.

    Returns:
        The task's recipe, its small version where neither data nor recipe is named, with all
        overrides.

    Raises:
        UsageError: If an override or the choice of the recipe is wrong.
    """
    overrides = [
        f"{key}={getattr(args, key)}" for key in _SHORTCUTS if getattr(args, key) is not None
    ]
    quick = args.data is None and args.recipe is None
    try:
        recipe = quick_recipe(args.task) if quick else get_recipe(args.task, args.recipe)
        return recipe.with_overrides([*overrides, *args.set])
    except ValueError as error:
        raise UsageError(str(error)) from error
