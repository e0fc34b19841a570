"""Recipes: what the paper and the official option files train, as data."""

from hinet_tf.tasks.recipe import TASKS, Recipe
from hinet_tf.tasks.recipes import RECIPES

# What learns to restore the built-in photos in minutes on two cores. The paper's recipe takes
# 60 GB for one step; nobody should meet it by leaving `--data` out.
_QUICK = {"scale": 0.25, "patch": 64, "batch": 8, "steps": 1000, "learning_rate": 1e-3}

__all__ = ["RECIPES", "TASKS", "Recipe", "get_recipe", "quick_recipe"]


def get_recipe(task: str, name: str | None = None) -> Recipe:
    """Returns the recipe of a task, or one of the official variants.

    Args:
        task: One of `TASKS`.
        name: A name in `RECIPES` that belongs to the task; `None` for the task's own recipe.

    Returns:
        The recipe.

    Raises:
        ValueError: If task or name is unknown, or they do not belong together.

    Example:
    >>> get_recipe("denoise", "sidd").loss
    'l1'
    """
    if task not in TASKS:
        raise ValueError(f"Unknown task {task!r}; expected one of: {', '.join(TASKS)}")
    fitting = [key for key, recipe in RECIPES.items() if recipe.task == task]
    if (name or task) not in fitting:
        raise ValueError(
            f"No recipe {name!r} for task {task!r}; expected one of: {', '.join(fitting)}"
        )
    return RECIPES[name or task]


def quick_recipe(task: str) -> Recipe:
    """Returns a small version of a task's recipe, for trying it without a data set.

    Args:
        task: One of `TASKS`.

    Returns:
        The paper's recipe with a quarter of the channels, small batches and 1,000 steps.

    Raises:
        ValueError: If the task is unknown.

    Example:
    >>> quick_recipe("denoise").width
    16
    """
    return get_recipe(task).replace(**_QUICK)
