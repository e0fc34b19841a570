"""Weights & Biases, by its own Keras integration."""

import dataclasses
from pathlib import Path

import keras

from hinet_tf.tasks import Recipe


def wandb_metrics(
    project: str, recipe: Recipe, directory: Path, step: int
) -> keras.callbacks.Callback:
    """Returns the callback that sends each step's numbers to Weights & Biases.

    `wandb.finish()` ends what it begins.

    Args:
        project: Name of the project there.
        recipe: Sent as the run's configuration.
        directory: Where the package keeps its own files.
        step: Optimizer steps done before, for a resumed run.

    Returns:
        `wandb.integration.keras.WandbMetricsLogger`.
    """
    import wandb
    from wandb.integration.keras import WandbMetricsLogger

    wandb.init(project=project, config=dataclasses.asdict(recipe), dir=str(directory))
    logger = WandbMetricsLogger(log_freq="batch", initial_global_step=step)
    # The integration counts the steps it plots over from zero, whatever the line above says.
    logger.global_batch = step
    return logger
