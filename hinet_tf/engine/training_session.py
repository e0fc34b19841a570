"""One training from its newest checkpoint to its end or interruption."""

from collections.abc import Callable

import tensorflow as tf

from hinet_tf.engine import callbacks, distribution, recipe_parts
from hinet_tf.engine.checkpoints import Checkpoints
from hinet_tf.engine.initial_weights import load_initial_weights
from hinet_tf.engine.json_log import JsonLog
from hinet_tf.engine.progress import Progress
from hinet_tf.engine.results import how_to_resume, write_results
from hinet_tf.engine.run_directory import RunDirectory
from hinet_tf.engine.trainable_hinet import TrainableHINet
from hinet_tf.engine.validator import Validator
from hinet_tf.tasks import Recipe


class TrainingSession:
    """What one process does for a run: resume it, train, and leave the results.

    Args:
        recipe: The resolved recipe.
        strategy: The strategy under whose scope the network was made.
        network: The compiled network.
        directory: The run directory, claimed for the recipe.
        wandb_project: Weights & Biases project to log to as well; `None` for none.
        on_bad: Called with each unusable validation file; by default the first one is raised.

    Example:
    >>> session = TrainingSession(recipe, strategy, network, directory)
    """

    def __init__(
        self,
        recipe: Recipe,
        strategy: tf.distribute.Strategy,
        network: TrainableHINet,
        directory: RunDirectory,
        wandb_project: str | None = None,
        on_bad: Callable[[Exception], None] | None = None,
    ) -> None:
        self.recipe = recipe
        self.strategy = strategy
        self.network = network
        self.directory = directory
        self.wandb_project = wandb_project
        self.on_bad = on_bad
        self.checkpoints = Checkpoints(directory / "checkpoints", recipe.keep_every)
        self.log = JsonLog(directory / "log.jsonl")
        self.progress = Progress(0, recipe.steps)

    def resume(self) -> int:
        """Restores the newest checkpoint or, in a new run, the weights to start from.

        Returns:
            The step to go on from.
        """
        step, notes = self.checkpoints.restore_newest(self.network)
        if step == 0 and self.recipe.init:
            load_initial_weights(self.network, self.recipe.init)
        self.progress.step = step
        self.progress.best_psnr = notes.get("best_psnr")
        if self.directory.writable:
            self.log.rewind(step)
            pairs = recipe_parts.validation_data(self.recipe, self.on_bad)
            self.validator = Validator(self.network, pairs)
        return step

    def fit(self, data: tf.data.Dataset | tf.distribute.DistributedDataset) -> bool:
        """Trains to the last step.

        Args:
            data: Batches from the current step on.

        Returns:
            Whether the last step was reached; `False` after SIGTERM or Ctrl-C.
        """
        if self.progress.done:
            return True
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
            if distribution.worker_count(self.strategy) == 1:
                raise
            steps = self.checkpoints.steps()
            raise ValueError(
                f"Another worker was lost after step {self.progress.step:,}. Start the same "
                f"command on all workers again; it goes on from step {max(steps, default=0):,}."
            ) from e
        finally:
            for close in closing:
                close()
        return self.progress.done

    def finish(self) -> str:
        """Writes the last model, pictures, learning curve and report.

        Returns:
            A line that says what was reached.
        """
        return write_results(self.directory, self.recipe, self.progress, self.log, self.validator)

    def farewell(self) -> str:
        """Returns a line that says how to go on with an interrupted run."""
        return how_to_resume(self.recipe, self.progress)

    def _callbacks(self) -> tuple[list, list]:
        """The callbacks in the order they depend on, and what to close after an error."""
        recipe, progress = self.recipe, self.progress
        chain = [
            callbacks.CountSteps(progress),
            callbacks.StopOnDivergence(progress, self.checkpoints),
        ]
        if not self.directory.writable:
            signals = callbacks.StopOnSignal(self.strategy, save=lambda: None)
            return [*chain, signals], [signals.restore_handlers]
        metrics_log = callbacks.MetricsLog(
            progress, self.log, self.directory / "tensorboard", recipe.log_interval
        )
        validate = callbacks.Validate(
            progress,
            self.validator,
            metrics_log,
            recipe.validation_interval,
            self.directory / "best.keras",
        )
        # After the validation, whose best score belongs into the checkpoint.
        saver = callbacks.SaveCheckpoints(progress, self.checkpoints, recipe.save_interval)
        signals = callbacks.StopOnSignal(self.strategy, saver.save)
        bar = callbacks.ProgressBar(progress, recipe.batch, recipe.validation_interval)
        closing = [bar.close, signals.restore_handlers]
        if self.wandb_project:
            import wandb

            chain.append(
                callbacks.wandb_metrics(
                    self.wandb_project, recipe, self.directory.path, progress.step
                )
            )
            closing.append(wandb.finish)
        return [*chain, metrics_log, validate, saver, bar, signals], closing
