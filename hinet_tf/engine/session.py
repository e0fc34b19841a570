"""What every training of a run does, on whatever it computes."""

import contextlib
import datetime
import math
import shlex
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from hinet_tf.data import ValidationPairs
from hinet_tf.engine import callbacks, recipe_parts
from hinet_tf.engine.checkpoints import Checkpoints
from hinet_tf.engine.initial_weights import load_initial_weights
from hinet_tf.engine.json_log import JsonLog
from hinet_tf.engine.machine import describe_machine
from hinet_tf.engine.progress import TrainingProgress, best_validation
from hinet_tf.engine.report import draw_pair, write_report
from hinet_tf.engine.run_directory import RunDirectory
from hinet_tf.engine.validator import Validator
from hinet_tf.files import atomic_path
from hinet_tf.models import HINet
from hinet_tf.models.equalization import equalize_channels
from hinet_tf.plots import learning_curve
from hinet_tf.tasks import Recipe

# Machines differ by less in the PSNR of the same degraded images, in dB.
_SAME = 1e-3


class Session:
    """One process's part in a run: resume it, train, and leave the results.

    Subclasses say how a step is made.

    Args:
        recipe: The resolved recipe.
        network: The compiled network.
        directory: The run directory, claimed for the recipe.
        open_images: From the name of a split to its images.
        quiet: Whether to show no progress.
    """

    def __init__(
        self,
        recipe: Recipe,
        network: HINet,
        directory: RunDirectory,
        open_images: Callable[[str], Any],
        quiet: bool = False,
    ) -> None:
        self.recipe = recipe
        self.network = network
        self.directory = directory
        self.open_images = open_images
        self.quiet = quiet
        self.checkpoints = Checkpoints(directory / "checkpoints", recipe.keep_every)
        self.log = JsonLog(directory / "log.jsonl")
        self.progress = TrainingProgress(0, recipe.steps)

    def validation_pairs(self) -> ValidationPairs:
        """The images that the recipe validates on."""
        return recipe_parts.validation_data(self.recipe, self.open_images("val"))

    def resume(self) -> int:
        """Restores the newest checkpoint or, in a new run, the weights to start from.

        Returns:
            The step to go on from.
        """
        step, notes = self.checkpoints.restore_newest(self.network)
        if step == 0 and self.recipe.init:
            load_initial_weights(self.network, self.recipe.init)
            if self.recipe.quantize:
                # As an export does that has no training before it.
                examples = (pair.degraded for pair in self.validation_pairs())
                equalize_channels(self.network, examples)
        if step > self.recipe.steps:
            raise ValueError(
                f"{self.directory.path} has made {step:,} steps already; --steps "
                f"{self.recipe.steps} is fewer. Take --steps {step} to end it there."
            )
        self.progress.step = step
        # A best model that somebody took away leaves the place to the next one.
        if (self.directory.path / "best.keras").is_file():
            self.progress.best_psnr = notes.get("best_psnr")
        if self.directory.writable:
            self.log.rewind(step)
            self.validator = Validator(self.network, self.validation_pairs())
            validations = [r for r in self.log.records() if r["kind"] == "validation"]
            if validations and not math.isclose(
                validations[-1]["degraded_psnr"], self.validator.degraded_psnr(), abs_tol=_SAME
            ):
                # Scores of other images say nothing of which model is the better one.
                self.progress.best_psnr = None
                self.log.rename("validation", "validation_on_other_images")
        return step

    def finish(self) -> str:
        """Writes the last model, and of the best one pictures and report, with the learning curve.

        Returns:
            A line that says what was reached.
        """
        directory, validator, step = self.directory, self.validator, self.progress.step
        validated = [r["step"] for r in self.log.records() if r["kind"] == "validation"]
        if step not in validated:
            # A run that was ended by a lower number of steps.
            scores = validator.validate(self.progress, directory / "best.keras")
            self.log.append({"step": step, "kind": "validation", **scores})
        records = self.log.records()
        best = best_validation(records)
        with atomic_path(directory / "last.keras") as temporary:
            validator.refresh()
            validator.save(temporary)
        validator.load(directory / "best.keras")
        sessions = JsonLog(directory / "sessions.jsonl").records()
        report = directory / "report.html"
        write_report(report, self.recipe, records, sessions, validator)
        with atomic_path(directory / "learning_curve.png") as temporary:
            learning_curve(temporary, records)
        draw_pair(directory / "before_after.png", validator, 0)
        self.log.append({"step": step, "kind": "finished"})
        return (
            f"Trained {step:,} steps. {directory / 'best.keras'}, of step {best['step']:,}: "
            f"validation PSNR {best['psnr']:.2f} dB, {best['gain']:+.2f} dB over its input. "
            f"See {report}"
        )

    def _note_session(self) -> Callable[[], None]:
        """Starts the clock; returns what writes down when, how long and on what was trained."""
        first, begin = self.progress.step, time.monotonic()
        started = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC"

        def note() -> None:
            record = {"first": first, "step": self.progress.step, "started": started}
            seconds = round(time.monotonic() - begin, 1)
            sessions = JsonLog(self.directory / "sessions.jsonl")
            # A full disk is named by the checkpoint that it took no more of.
            with contextlib.suppress(OSError):
                sessions.append({**record, "seconds": seconds, "machine": describe_machine()})

        return note

    def how_to_resume(self) -> str:
        """Returns a line that says how to go on with an interrupted training."""
        return (
            f"Stopped after step {self.progress.step:,} of {self.recipe.steps:,} and saved. To "
            f"resume: {shlex.join([*self._program(), *sys.argv[1:]])}"
        )

    def _program(self) -> list[str]:
        """How this program was started: by its name, or as a file of Python."""
        name = Path(sys.argv[0]).name
        return [name] if shutil.which(name) == sys.argv[0] else [sys.executable, sys.argv[0]]

    def writing_callbacks(
        self,
        tensorboard: Path | None,
        update: Callable[[], None] = lambda: None,
        save_seconds: float | None = None,
        **stop: Any,
    ) -> tuple[list[keras.callbacks.Callback], list[Callable[[], None]]]:
        """The callbacks of a process that writes, in the order they depend on.

        Args:
            tensorboard: Directory of TensorBoard's events; `None` for none.
            update: Brings the weights into the network where they are trained elsewhere.
            save_seconds: As in `SaveCheckpoints`.
            **stop: `strategy` and `seconds` of `StopOnSignal`.

        Returns:
            The callbacks, and what to call after an error.
        """
        recipe, progress = self.recipe, self.progress
        log = callbacks.MetricsLog(progress, self.log, tensorboard, recipe.log_interval)
        validation = callbacks.Validate(
            progress,
            self.validator,
            log,
            recipe.validation_interval,
            self.directory / "best.keras",
            update,
        )
        # After the validation, whose best score belongs into the checkpoint.
        saver = callbacks.SaveCheckpoints(
            progress, self.checkpoints, recipe.save_interval, save_seconds, update
        )
        signals = callbacks.StopOnSignal(saver.save, **stop)
        bar = callbacks.ProgressBar(
            progress, recipe.batch, recipe.validation_interval, Console(quiet=self.quiet)
        )
        chain = [
            callbacks.CountSteps(progress),
            callbacks.StopOnDivergence(progress, self.checkpoints),
            *(log, validation, saver, bar, signals),
        ]
        return chain, [bar.on_train_end, signals.on_train_end, self._note_session()]
