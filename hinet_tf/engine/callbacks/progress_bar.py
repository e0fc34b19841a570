"""A training to watch."""

from typing import Any

import keras
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from hinet_tf.engine.progress import TrainingProgress

# Weight of the newest step in the figures shown: they follow the last twenty steps or so.
_SMOOTHING = 0.05


class ProgressBar(keras.callbacks.Callback):
    """Shows steps, images per second, loss of both stages, PSNR, gradient norm and time left.

    Where the output is no terminal, it prints a line per validation instead.

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
        self._bar = Progress(
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Draws the bar."""
        self._task = self._bar.add_task(
            "", total=self.progress.total_steps, completed=self.progress.step, figures="compiling"
        )
        self._bar.start()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Moves the bar on and, after a validation, leaves a line."""
        self._smooth({**logs, "step_seconds": self.progress.step_seconds})
        self._bar.update(self._task, completed=self.progress.step, figures=self._text())
        if self.progress.due(self.interval) and self.progress.psnr is not None:
            gain = self.progress.psnr - self.progress.degraded_psnr
            self.console.print(
                f"step {self.progress.step:>7,}   {self._text()}   "
                f"validation [bold]{self.progress.psnr:.2f} dB[/bold] "
                f"({gain:+.2f} dB over its input)",
                highlight=False,
                soft_wrap=True,
            )

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Takes the bar away."""
        self.close()

    def close(self) -> None:
        """Takes the bar away; also for a training that ended with an error."""
        self._bar.stop()

    def _smooth(self, figures: dict[str, Any]) -> None:
        if self._steps_seen == 1:
            # The first step also compiled; its time says nothing about the next ones.
            self._figures.pop("step_seconds")
        self._steps_seen += 1
        for key, value in figures.items():
            old = self._figures.get(key, float(value))
            self._figures[key] = old + _SMOOTHING * (float(value) - old)

    def _text(self) -> str:
        figures = self._figures
        norm = f"grad {figures['gradient_norm']:.3g}  " if "gradient_norm" in figures else ""
        speed = self.batch / figures["step_seconds"]
        return (
            f"loss {figures['loss_stage1']:.2f} {figures['loss_restored']:+.2f}  "
            f"PSNR {figures['psnr']:.2f} dB  {norm}{speed:.1f} images/s"
        )
