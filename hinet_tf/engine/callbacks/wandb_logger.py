"""Weights & Biases, by its own Keras integration."""

import dataclasses

import keras

from hinet_tf.tasks import Recipe


def wandb_logger(project: str, recipe: Recipe) -> keras.callbacks.Callback:
    """Returns the callback that sends each step's numbers to Weights & Biases.

    Args:
        project: Name of the project there.
        recipe: Sent as the run's configuration.

    Returns:
        `wandb.integration.keras.WandbMetricsLogger`.

    Raises:
        ValueError: If the package is not installed.
    """
    try:
        import wandb
        from wandb.integration.keras import WandbMetricsLogger
    except ImportError as error:
        raise ValueError("--wandb needs the package wandb: pip install wandb") from error
    wandb.init(project=project, config=dataclasses.asdict(recipe), resume="allow")
    return WandbMetricsLogger(log_freq="batch")
