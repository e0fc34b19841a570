"""What a restoration of files shows."""

import datetime
import time
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

# Without a terminal, the longest time between two lines.
_SECONDS = 30.0


class RestoreProgress:
    """A bar with files done, images per second and time left, and a summary at the end.

    Where the output is no terminal, a line at least every 30 seconds, never wrapped. Failures are
    said at once. Rates are of what was restored.

    Args:
        total: Number of files to restore.
        skipped: Number of files that are left as they are.
        out: Where the results go, as it was typed.
        console: Where to.
        failures: Where failures are said; by default there too.

    Example:
    >>> with RestoreProgress(1, 0, "new", Console(quiet=True)) as progress:
    ...     progress.done()
    """

    def __init__(
        self,
        total: int,
        skipped: int,
        out: str,
        console: Console,
        failures: Console | None = None,
    ) -> None:
        self.total = total
        self.skipped = skipped
        self.out = out
        self.console = console
        self.failures = failures or console
        self.restored = self.failed = 0
        self._start = self._spoken = time.monotonic()
        self._bar = Progress(
            BarColumn(None),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
            expand=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(self._position(0), total=total)

    def __enter__(self) -> "RestoreProgress":
        self._bar.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._bar.stop()
        seconds = time.monotonic() - self._start
        written = f" ({self._speed(seconds)}) -> {self.out}" if self.restored else ""
        self._say(
            f"{self.restored} restored, {self.failed} failed, {self.skipped} skipped "
            f"in {seconds:.1f} s{written}"
        )

    def part(self, finished: float) -> None:
        """Moves the bar on within a file, of which a part is finished, 0 to 1."""
        completed, now = self.restored + self.failed + finished, time.monotonic()
        text = self._text(completed)
        self._bar.update(self._task, completed=completed, description=text)
        silent = now - self._spoken
        if not self.console.is_terminal and silent >= _SECONDS and completed < self.total:
            self._spoken = now
            self._say(text)

    def done(self) -> None:
        """A file was restored."""
        self.restored += 1
        self.part(0.0)

    def fail(self, problem: str) -> None:
        """A file was not, and why."""
        self.failed += 1
        self.failures.print(f"failed: {problem}", markup=False, soft_wrap=True)
        self.part(0.0)

    def warn(self, text: str) -> None:
        """Something about the file that is restored next."""
        self._say(f"warning: {text}")

    def _say(self, text: str) -> None:
        self.console.print(escape(text), soft_wrap=True)

    def _text(self, completed: float) -> str:
        seconds = time.monotonic() - self._start
        parts = [self._position(completed)]
        if self.total > 1:
            parts += [f"{self.failed} failed", self._speed(seconds)]
        if completed:
            left = round(seconds / completed * (self.total - completed))
            parts.append(f"{datetime.timedelta(seconds=left)} left")
        return ", ".join(parts)

    def _position(self, completed: float) -> str:
        if self.total == 1:
            return f"{completed:.0%}"
        return f"{self.restored + self.failed} of {self.total}"

    def _speed(self, seconds: float) -> str:
        return f"{self.restored / max(seconds, 1e-9):.2f} images/s"
