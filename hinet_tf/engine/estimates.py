"""What a training will cost, before it is started."""

import time

import numpy as np
import tensorflow as tf

from hinet_tf.engine import recipe_parts
from hinet_tf.engine.trainable_hinet import TrainableHINet
from hinet_tf.processor import usable_memory
from hinet_tf.tasks import Recipe

# All fitted to the peaks that benchmarks/training_memory.py measures on a CPU. Values per pixel
# and unit of width that are alive at the peak of the backward pass:
_MAPS_PER_PIXEL = 58
# What TensorFlow takes for itself once it trains.
_RUNTIME_BYTES = 210 * 2**20
# What it takes besides for the loop over the parts of a batch, whatever their size.
_LOOP_BYTES = 60 * 2**20


def multiply_adds(width: int, side: int, depth: int = 5) -> int:
    """Multiply-adds of one forward pass over a square RGB image, in closed form.

    Every level costs the same: channels double where pixels become a quarter.
    """
    return ((134 * depth - 85) * width**2 + 135 * width) * side**2


def memory_bytes(recipe: Recipe, parameters: int, images: int) -> int:
    """Peak memory of a training step in bytes.

    Args:
        recipe: The recipe.
        parameters: Trainable parameters.
        images: Patches that a device works on at once.

    Returns:
        Weights, gradients, Adam's two moments and moving average, and the feature maps that the
        backward pass needs.
    """
    # Weights, gradients and Adam's two moments; summed gradients and their new sum.
    copies = 4 + bool(recipe.ema) + 2 * (recipe.accumulate > 1)
    bytes_per_value = 4 if recipe.precision == "float32" else 2
    maps = _MAPS_PER_PIXEL * recipe.width * bytes_per_value * recipe.patch**2 * images
    runtime = _RUNTIME_BYTES + _LOOP_BYTES * (recipe.accumulate > 1)
    return int(4 * parameters * copies + maps + runtime)


def check_memory(recipe: Recipe, network: TrainableHINet) -> None:
    """Refuses a training that the memory of this machine cannot hold.

    Without this, the system would kill the process in its first step and say nothing. Devices
    with memory of their own name a shortage themselves.

    Args:
        recipe: The recipe.
        network: Its network.

    Raises:
        ValueError: If a step on the CPU needs more memory than the machine has.
    """
    if tf.config.list_logical_devices("GPU"):
        return
    replicas = network.distribute_strategy.num_replicas_in_sync
    images = recipe.batch // replicas // recipe.accumulate
    parameters = network.count_params()
    # Each concurrent part has its own gradients.
    gradients = 4 * parameters * (network.concurrent_parts - 1)
    needed = replicas * (memory_bytes(recipe, parameters, images) + gradients)
    available = usable_memory()
    if needed > available:
        raise ValueError(
            f"A step needs about {needed / 2**30:.1f} GiB and this machine has "
            f"{available / 2**30:.1f} GiB. Take a smaller --scale, --batch or --patch, or split "
            "the batch with --accumulate."
        )


def _seconds_per_pixel(network: TrainableHINet) -> float:
    """Times forward and backward pass over one small patch."""
    side = 4 * network.size_multiple
    image = tf.constant(
        np.random.default_rng(0).random((1, side, side, network.channels)), "float32"
    )
    small = tf.function(lambda x: network._gradients(x, x)[1]["loss"], autograph=False)
    small(image)
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        float(small(image))
        times.append(time.perf_counter() - begin)
    return min(times) / side**2


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
    replicas = strategy.num_replicas_in_sync
    share = recipe.batch // replicas
    images = share // recipe.accumulate
    side = recipe.patch
    parameters = network.count_params()
    seconds = _seconds_per_pixel(network) * share * side**2
    operations = multiply_adds(recipe.width, side, recipe.depth)
    memory = memory_bytes(recipe, parameters, images)
    lines = {
        "parameters": f"{parameters:,}",
        "multiply-adds": f"{operations / 1e9:.2f} G per {side}x{side} patch",
        "devices": f"{replicas}, each {images} patches at once"
        + (f", {recipe.accumulate} times a step" if recipe.accumulate > 1 else ""),
        "memory": f"about {memory / 2**30:.2f} GiB per device",
        "step time": f"about {seconds:.3g} s, extrapolated from one small patch",
        "whole run": _duration(seconds * recipe.steps),
    }
    width = max(map(len, lines))
    table = "\n".join(f"{name:<{width}}  {value}" for name, value in lines.items())
    return f"{recipe.to_json()}{table}"


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"about {seconds / length:.1f} {unit}"
    return f"about {seconds:.0f} seconds"
