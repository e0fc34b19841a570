"""What a training would do and cost, in words."""

import tensorflow as tf

from hinet_tf.engine import recipe_parts
from hinet_tf.engine.estimates import estimate
from hinet_tf.tasks import Recipe


def describe(recipe: Recipe, strategy: tf.distribute.Strategy) -> str:
    """Returns the resolved recipe and its estimated cost on the devices at hand.

    Args:
        recipe: The recipe.
        strategy: The strategy that it would train under.

    Returns:
        Text of several lines.
    """
    with strategy.scope():
        network = recipe_parts.build_network(recipe)
    cost = estimate(recipe, network)
    replicas = strategy.num_replicas_in_sync
    images = recipe.batch // replicas // recipe.accumulate
    side = recipe.patch
    lines = {
        "parameters": f"{cost.parameters:,}",
        "multiply-adds": f"{cost.multiply_adds / 1e9:.2f} G per {side}x{side} patch",
        "devices": f"{replicas}, each {images} patches at once"
        + (f", {recipe.accumulate} times a step" if recipe.accumulate > 1 else ""),
        "memory": f"about {cost.memory_bytes / 2**30:.2f} GiB per device",
        "step time": f"about {cost.step_seconds:.3g} s, extrapolated from one small patch",
        "whole run": _duration(cost.step_seconds * recipe.steps),
    }
    width = max(map(len, lines))
    table = "\n".join(f"{name:<{width}}  {value}" for name, value in lines.items())
    return f"{recipe.to_json()}{table}"


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"about {seconds / length:.1f} {unit}"
    return f"about {seconds:.0f} seconds"
