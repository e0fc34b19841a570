"""One training from its newest checkpoint to its end or interruption."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from hinet_tf.engine import callbacks, distribution, recipe_parts
from hinet_tf.engine.run_directory import RunDirectory
from hinet_tf.engine.session import Session
from hinet_tf.engine.trainable_hinet import TrainableHINet
from hinet_tf.tasks import Recipe


class TrainingSession(Session):
    """A session under a strategy of TensorFlow, by `fit`.

    Args:
        recipe: The resolved recipe.
        strategy: The strategy under whose scope the network was made.
        network: The compiled network.
        directory: The run directory, claimed for the recipe.
        open_images: From the name of a split to its images.
        wandb_project: Weights & Biases project to log to as well; `None` for none.
        quiet: Whether to show no progress.
    """

    def __init__(
        self,
        recipe: Recipe,
        strategy: tf.distribute.Strategy,
        network: TrainableHINet,
        directory: RunDirectory,
        open_images: Callable[[str], Any],
        wandb_project: str | None = None,
        quiet: bool = False,
    ) -> None:
        super().__init__(recipe, network, directory, open_images, quiet)
        self.strategy = strategy
        self.wandb_project = wandb_project

    def fit(self, sources: Any) -> bool:
        """Trains to the last step.

        Args:
            sources: The training images.

        Returns:
            Whether the last step was reached; `False` after SIGTERM or Ctrl-C.
        """
        distribution.check_same_step(self.strategy, self.progress.step)
        if self.progress.done:
            return True
        data_of_shard = functools.partial(
            recipe_parts.training_data, self.recipe, sources, self.progress.step
        )
        data = distribution.distribute(self.strategy, self.recipe.batch, data_of_shard)
        chain, closing = self._callbacks()
        try:
            self.network.fit(
                data,
                steps_per_epoch=self.recipe.steps - self.progress.step,
                callbacks=chain,
                shuffle=False,
                verbose=0,
            )
        except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.InternalError) as e:
            if distribution.worker_count() == 1:
                raise
            steps = self.checkpoints.steps()
            raise ValueError(
                f"Another worker was lost after step {self.progress.step:,}. Start the same "
                f"command on all workers again; it goes on from step {max(steps, default=0):,}."
            ) from e
        except tf.errors.InvalidArgumentError as error:
            checks = (f"`hinet data check {folder}`" for folder in self.recipe.data.split(","))
            raise ValueError(
                f"After step {self.progress.step:,} an image could not be read: "
                f"{error.message.splitlines()[0]}. {' or '.join(checks)} finds it; --skip-bad "
                "leaves it out."
            ) from error
        finally:
            for close in closing:
                close()
        return self.progress.done

    def _callbacks(self) -> tuple[list, list]:
        """The callbacks in the order they depend on, and what to close after an error."""
        if not self.directory.writable:
            signals = callbacks.StopOnSignal(lambda: None, strategy=self.strategy)
            chain = [
                callbacks.CountSteps(self.progress),
                callbacks.StopOnDivergence(self.progress, self.checkpoints),
                signals,
            ]
            return chain, [signals.on_train_end]
        chain, closing = self.writing_callbacks(
            self.directory / "tensorboard", strategy=self.strategy
        )
        if self.wandb_project:
            import wandb
            from wandb.integration.keras import WandbMetricsLogger

            settings = dataclasses.asdict(self.recipe)
            wandb.init(project=self.wandb_project, config=settings, dir=str(self.directory.path))
            logger = WandbMetricsLogger(log_freq="batch", initial_global_step=self.progress.step)
            # It counts the steps that it plots over from zero, whatever the line above says.
            logger.global_batch = self.progress.step
            chain.insert(2, logger)
            closing.append(wandb.finish)
        return chain, closing
