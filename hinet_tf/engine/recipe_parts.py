"""From a recipe to the objects that it describes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras

from hinet_tf import data
from hinet_tf.engine.initial_weights import load_initial_weights
from hinet_tf.layers import QuantizedTrainingPolicy
from hinet_tf.losses import PSNRLoss
from hinet_tf.models import HINet
from hinet_tf.optimizers import Adam, CosineDecay, LossScaledAdam
from hinet_tf.tasks import Recipe
from hinet_tf.tasks.recipe import DEGRADATIONS

if TYPE_CHECKING:
    from hinet_tf.engine.trainable_hinet import TrainableHINet

_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


def build_network(recipe: Recipe, concurrent_parts: int = 1) -> TrainableHINet:
    """Returns the compiled network of a recipe; call it under the strategy's scope.

    The initial weights follow from the recipe's seed alone.

    Args:
        recipe: The recipe.
        concurrent_parts: As of `TrainableHINet`; a matter of the machine, not of the recipe.

    Returns:
        A network ready for `fit`, its optimizer built.
    """
    # Late: its training step is written for TensorFlow, and nothing else here is.
    from hinet_tf.engine.trainable_hinet import TrainableHINet

    keras.utils.set_random_seed(recipe.seed)
    return _compiled(
        TrainableHINet,
        recipe,
        accumulate=recipe.accumulate,
        concurrent_parts=concurrent_parts,
    )


def build_plain_network(recipe: Recipe) -> HINet:
    """Returns the compiled network of a recipe without a training step of its own.

    For training on another Keras backend than TensorFlow. Its initial weights follow from the
    recipe's seed, and are others than TensorFlow draws from it.

    Args:
        recipe: The recipe.

    Returns:
        A network with a built optimizer.
    """
    # Where Keras' initializers take their seeds from. `keras.utils.set_random_seed` would import
    # TensorFlow if it is installed.
    random.seed(recipe.seed)
    return _compiled(HINet, recipe, metrics=[])


def _compiled(
    kind: type[HINet], recipe: Recipe, metrics: list[Any] | None = None, **arguments: Any
) -> Any:
    policy = _POLICIES[recipe.precision]
    if recipe.quantize:
        policy = QuantizedTrainingPolicy(recipe.quantize)
    network = kind(
        width=recipe.width,
        depth=recipe.depth,
        hin_levels=recipe.hin_levels,
        dtype=policy,
        name="hinet",
        **arguments,
    )
    network.teacher = float_teacher(recipe) if recipe.quantize and recipe.init else None
    optimizer = build_optimizer(recipe)
    optimizer.build(network.trainable_variables)
    network.compile(optimizer, loss=build_loss(recipe), metrics=metrics, auto_scale_loss=False)
    return network


def float_teacher(recipe: Recipe) -> Callable[[Any], dict[str, Any]]:
    """Returns what a quantized training learns from: the network that it starts from, in float.

    To lose nothing is to give the same images. That shows in every patch, where the clean images
    also ask for what some hundred steps at a low rate would not learn in float either.
    """
    teacher = HINet(
        width=recipe.width, depth=recipe.depth, hin_levels=recipe.hin_levels, dtype="float32"
    )
    load_initial_weights(teacher, recipe.init)
    # A function: as a layer it would become a part of the network in training.
    return lambda degraded: teacher(degraded, training=False)


def build_optimizer(recipe: Recipe) -> Adam:
    """Returns the optimizer of a recipe, with its schedule."""
    average = {"use_ema": True, "ema_momentum": recipe.ema} if recipe.ema else {}
    optimizer = LossScaledAdam if recipe.precision == "float16" else Adam
    schedule = CosineDecay(
        recipe.learning_rate, recipe.steps, recipe.final_learning_rate, recipe.warmup_steps
    )
    return optimizer(
        schedule,
        beta_1=recipe.beta_1,
        beta_2=recipe.beta_2,
        global_clipnorm=recipe.clip_norm,
        **average,
    )


def build_loss(recipe: Recipe) -> keras.losses.Loss:
    """Returns the loss of a recipe."""
    return PSNRLoss() if recipe.loss == "psnr" else keras.losses.MeanAbsoluteError()


def build_degradation(recipe: Recipe) -> Any:
    """Returns what makes degraded images where the data has only clean ones."""
    kind, keys = DEGRADATIONS[recipe.degradation]
    strengths = {key: getattr(recipe, key) for key in keys}
    # One number, or the two of a range.
    return getattr(data, kind)(**{k: v[0] if len(v) == 1 else v for k, v in strengths.items()})


def training_data(recipe: Recipe, sources: Any, start_step: int, shards: int, shard: int) -> Any:
    """Returns one worker's share of the batches from a step on."""
    return data.training_pipeline(
        sources,
        degradation=build_degradation(recipe),
        patch=recipe.patch,
        batch=recipe.batch,
        augmentation=recipe.augmentation,
        seed=recipe.seed,
        start_step=start_step,
        shard_count=shards,
        shard_index=shard,
        weights=recipe.shares,
    )


def validation_data(recipe: Recipe, sources: Any) -> data.ValidationPairs:
    """Returns the whole degraded and clean images that the recipe validates on."""
    return data.ValidationPairs(
        sources,
        degradation=build_degradation(recipe),
        seed=recipe.seed,
        limit=recipe.validation_images,
    )
