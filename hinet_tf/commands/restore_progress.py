"""What a restoration of files shows."""

import time
from typing import Any

from rich.console import Console
from rich.markup import escape

from hinet_tf.command_line import one_line
from hinet_tf.commands.progress import SECONDS, shown_progress


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
        self._bar = shown_progress(console)

    def __enter__(self) -> "RestoreProgress":
        self._show = self._bar.__enter__()
        self.part(0.0)
        return self

    def __exit__(self, *error: Any) -> None:
        self._bar.__exit__(*error)
        seconds = time.monotonic() - self._start
        written = f" ({self._speed(seconds)}) -> {self.out}" if self.restored else ""
        self._say(
            f"{self.restored} restored, {self.failed} failed, {self.skipped} skipped "
            f"in {seconds:.1f} s{written}"
        )

    def part(self, finished: float) -> None:
        """Moves the bar on within a file, of which a part is finished, 0 to 1."""
        completed, now = self.restored + self.failed + finished, time.monotonic()
        overdue = now - self._spoken >= SECONDS and completed < self.total
        if self.console.is_terminal or overdue:
            self._spoken = now
            self._show(self._text(completed), completed / self.total or None)

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
        self._say(f"warning: {one_line(text)}")

    def _say(self, text: str) -> None:
        self.console.print(escape(text), soft_wrap=True)

    def _text(self, completed: float) -> str:
        seconds = time.monotonic() - self._start
        parts = [self._position(completed)]
        if self.total > 1:
            parts += [f"{self.failed} failed", self._speed(seconds)]
        return ", ".join(parts)

    def _position(self, completed: float) -> str:
        if self.total == 1:
            return f"{completed:.0%}"
        return f"{self.restored + self.failed} of {self.total}"

    def _speed(self, seconds: float) -> str:
        return f"{self.restored / max(seconds, 1e-9):.2f} images/s"
