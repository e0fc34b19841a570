"""A training to watch."""

import datetime
import math
import time
from typing import Any

import keras
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from hinet_tf.engine.progress import TrainingProgress

# Weight of the newest step in the figures shown: they follow the last twenty steps or so.
_SMOOTHING = 0.05
# Without a terminal, the longest time between two lines.
_SECONDS = 30.0
# Columns from which a terminal shows losses and gradient too.
_WIDE = 120


class ProgressBar(keras.callbacks.Callback):
    """Shows steps, images per second, loss of both stages, PSNR, gradient norm and time left.

    A terminal narrower than 120 columns shows steps, PSNR, speed and time left. Where the output
    is no terminal, a line is printed per validation and at least every 30 seconds, never wrapped.

    Args:
        progress: The training's position.
        batch: Images per step, over all devices.
        interval: Steps between validations, after each of which a line stays on the screen.
        console: Where to; by default the terminal.

    Example:
    >>> callback = ProgressBar(progress, batch=64, interval=1000)
    """

    def __init__(
        self, progress: TrainingProgress, batch: int, interval: int, console: Console | None = None
    ) -> None:
        super().__init__()
        self.progress = progress
        self.batch = batch
        self.interval = interval
        self.console = console or Console()
        self._figures: dict[str, float] = {}
        self._steps_seen = 0
        self._spoken = time.monotonic()
        self._bar = Progress(
            BarColumn(bar_width=None),
            TextColumn("{task.description}"),
            console=self.console,
            transient=True,
            expand=True,
            disable=not self.console.is_terminal,
        )

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Draws the bar."""
        steps = {"total": self.progress.total_steps, "completed": self.progress.step}
        self._task = self._bar.add_task(f"{self._position()}  compiling", **steps)
        self._bar.start()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Moves the bar on and, after a validation or a long silence, leaves a line."""
        self._smooth({**logs, "step_seconds": self.progress.step_seconds})
        figures = self._text()
        line = f"{self._position()}  {figures}  {self._left()} left"
        self._bar.update(self._task, completed=self.progress.step, description=line)
        silent = time.monotonic() - self._spoken
        if self.progress.due(self.interval) and self.progress.psnr is not None:
            gain = self.progress.psnr - self.progress.degraded_psnr
            self._say(
                f"step {self._position()}  {figures if self._wide() else self._speed()}  "
                f"validation [bold]{self.progress.psnr:.2f} dB[/bold] ({gain:+.2f} dB)"
            )
        elif not self.console.is_terminal and silent >= _SECONDS:
            self._say(f"step {line}")

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Takes the bar away; also for a training that ended with an error."""
        self._bar.stop()

    def _say(self, line: str) -> None:
        self._spoken = time.monotonic()
        self.console.print(line, highlight=False, soft_wrap=True)

    def _smooth(self, figures: dict[str, Any]) -> None:
        if self._steps_seen == 1:
            # The first step also compiled; its time says nothing about the next ones.
            self._figures.pop("step_seconds")
        self._steps_seen += 1
        for key, value in figures.items():
            # Float16 leaves out a step whose gradient is too large for it.
            if not math.isfinite(float(value)):
                continue
            old = self._figures.get(key, float(value))
            self._figures[key] = old + _SMOOTHING * (float(value) - old)

    def _wide(self) -> bool:
        return not self.console.is_terminal or self.console.width >= _WIDE

    def _position(self) -> str:
        total = f"{self.progress.total_steps:,}"
        return f"{self.progress.step:>{len(total)},}/{total}"

    def _left(self) -> str:
        steps = self.progress.total_steps - self.progress.step
        seconds = round(steps * self._figures["step_seconds"])
        return str(datetime.timedelta(seconds=seconds))

    def _speed(self) -> str:
        return f"{self.batch / self._figures['step_seconds']:.1f} images/s"

    def _text(self) -> str:
        figures = self._figures
        psnr = f"PSNR {figures['psnr']:.2f} dB"
        if not self._wide():
            return f"{psnr}  {self._speed()}"
        norm = f"grad {figures['gradient_norm']:.3g}  " if "gradient_norm" in figures else ""
        losses = f"loss {figures['loss_stage1']:.2f} {figures['loss_restored']:+.2f}"
        return f"{losses}  {psnr}  {norm}{self._speed()}"
