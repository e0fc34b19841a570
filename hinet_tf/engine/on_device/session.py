"""One training on the accelerator from its newest checkpoint to its end or interruption."""

import math
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from hinet_tf.data.sources.image_list import ImageList, open_image_lists
from hinet_tf.engine import recipe_parts
from hinet_tf.engine.callbacks import ProgressBar
from hinet_tf.engine.checkpoints import Checkpoints
from hinet_tf.engine.initial_weights import load_initial_weights
from hinet_tf.engine.json_log import JsonLog
from hinet_tf.engine.on_device.training import DeviceTraining
from hinet_tf.engine.progress import Progress
from hinet_tf.engine.results import how_to_resume, validate, write_results
from hinet_tf.engine.run_directory import RunDirectory
from hinet_tf.engine.validator import Validator
from hinet_tf.models import HINet
from hinet_tf.tasks import Recipe

# A borrowed machine may be gone any time; a checkpoint takes about a second.
_SAVE_SECONDS = 120.0


class DeviceSession:
    """What `TrainingSession` is to `train.py`, with the steps of `DeviceTraining`.

    Both leave the same files (but for TensorBoard's, which need TensorFlow), and each can go on
    with the other's run.

    Args:
        recipe: The resolved recipe.
        network: The compiled network.
        directory: The run directory, claimed for the recipe.
        stop_after: Seconds after which to save and stop; `None` for never.
        on_bad: Called with each unusable image file; by default the first one is raised.

    Example:
    >>> session = DeviceSession(recipe, network, directory, stop_after=540)
    """

    def __init__(
        self,
        recipe: Recipe,
        network: HINet,
        directory: RunDirectory,
        stop_after: float | None = None,
        on_bad: Callable[[Exception], None] | None = None,
    ) -> None:
        self.recipe = recipe
        self.network = network
        self.directory = directory
        self.end = math.inf if stop_after is None else time.monotonic() + stop_after
        self.checkpoints = Checkpoints(directory / "checkpoints", recipe.keep_every)
        self.log = JsonLog(directory / "log.jsonl")
        self.progress = Progress(0, recipe.steps)
        pairs = open_image_lists(recipe.data, "val", on_bad)
        self.validator = Validator(network, recipe_parts.validation_data(recipe, sources=pairs))
        self._stopped = False

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
        self.log.rewind(step)
        return step

    def fit(self, images: Sequence[ImageList]) -> bool:
        """Trains to the last step.

        Args:
            images: The training images.

        Returns:
            Whether the last step was reached; `False` after the time is up, SIGTERM or Ctrl-C.

        Raises:
            ValueError: If the loss or the gradient is not finite any more.
        """
        progress, recipe = self.progress, self.recipe
        if progress.done:
            return True
        training = DeviceTraining(self.network, recipe, images)
        bar = ProgressBar(progress, recipe.batch, recipe.validation_interval)
        recent: dict[str, float] = {}
        since_log, saved = 0, time.monotonic()
        bar.on_train_begin()
        with self._signals(), closing(bar):
            while not (progress.done or self._stopped):
                count = min(self._until_due(), training.most_steps)
                begin = time.perf_counter()
                means = training.run(progress.step, count)
                progress.step_seconds = (time.perf_counter() - begin) / count
                progress.step += count
                self._check_finite(means)
                since_log += count
                recent = {k: recent.get(k, 0.0) + v * count for k, v in means.items()}
                if progress.due(recipe.log_interval):
                    self._log_training({k: v / since_log for k, v in recent.items()})
                    recent, since_log = {}, 0
                if progress.due(recipe.validation_interval):
                    training.update_network()
                    scores = validate(progress, self.validator, self.directory / "best.keras")
                    self.log.append({"step": progress.step, "kind": "validation", **scores})
                self._stopped |= time.monotonic() >= self.end
                late = time.monotonic() - saved > _SAVE_SECONDS
                if progress.due(recipe.save_interval) or late or self._stopped:
                    training.update_network()
                    notes = {"best_psnr": progress.best_psnr}
                    self.checkpoints.save(progress.step, self.network, notes)
                    saved = time.monotonic()
                bar.on_train_batch_end(0, means)
        return progress.done

    def finish(self) -> str:
        """Writes the last model, pictures, learning curve and report.

        Returns:
            A line that says what was reached.
        """
        return write_results(self.directory, self.recipe, self.progress, self.log, self.validator)

    def farewell(self) -> str:
        """Returns a line that says how to go on with an interrupted run."""
        return how_to_resume(self.recipe, self.progress)

    def _until_due(self) -> int:
        """Steps until something happens between two of them."""
        recipe, step = self.recipe, self.progress.step
        intervals = (recipe.log_interval, recipe.validation_interval, recipe.save_interval)
        return min(*(i - step % i for i in intervals), recipe.steps - step)

    def _log_training(self, means: dict[str, float]) -> None:
        step = self.progress.step
        rate = float(recipe_parts.build_schedule(self.recipe)(step))
        self.log.append({"step": step, "kind": "train", **means, "learning_rate": rate})

    def _check_finite(self, means: dict[str, float]) -> None:
        for key in ("loss", "gradient_norm"):
            if not math.isfinite(means[key]):
                steps = self.checkpoints.steps()
                last = self.checkpoints.path(steps[-1]) if steps else "none yet"
                raise ValueError(
                    f"The {key.replace('_', ' ')} became {means[key]} by step "
                    f"{self.progress.step}. Last good checkpoint: {last}. Repeat with a lower "
                    "learning_rate, or look for damaged images in the data."
                )

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and Ctrl-C end the training after the steps under way."""

        def stop(number: int, frame: Any) -> None:
            self._stopped = True

        previous = {n: signal.signal(n, stop) for n in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
