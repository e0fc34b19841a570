"""Progress of long work: a bar on a terminal, lines in a log."""

import datetime
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

# Without a terminal, the time between two lines of a loop.
SECONDS = 30.0

Item = TypeVar("Item")


@contextmanager
def shown_progress(console: Console) -> Iterator[Callable[..., None]]:
    """Yields what shows what is being done: in place on a terminal, else a line for each.

    It takes a message and, where that is known, the finished part of the work, 0 to 1, from
    which follows the time that is left; a `prefix` comes before the message.

    Args:
        console: Where it is shown.
    """
    columns = (BarColumn(None), TextColumn("{task.description}", markup=False))
    with Progress(
        *columns, console=console, transient=True, expand=True, disable=not console.is_terminal
    ) as progress:
        bar = progress.add_task("", total=None)
        begun = time.monotonic()

        def show(message: str, done: float | None = None, prefix: str = "") -> None:
            nonlocal begun
            if done is None:
                begun = time.monotonic()
            else:
                left = round((time.monotonic() - begun) * (1 - done) / done)
                message = f"{message}, {datetime.timedelta(seconds=left)} left"
            progress.update(
                bar,
                description=f"{prefix}{message}",
                total=None if done is None else 1.0,
                completed=done or 0.0,
                refresh=True,
            )
            if not console.is_terminal:
                console.print(f"{prefix}{message}", markup=False, soft_wrap=True)

        yield show


def tracked(items: Sequence[Item], title: str, console: Console) -> Iterator[Item]:
    """Yields items and shows how many are through, and the time left.

    Args:
        items: What is gone through.
        title: What is done with them.
        console: Where it is shown; without a terminal, a line every 30 seconds.

    Example:
    >>> list(tracked([3, 4], "Scoring", Console(quiet=True)))
    [3, 4]
    """
    spoken = time.monotonic()
    with shown_progress(console) as show:
        for number, item in enumerate(items, start=1):
            yield item
            if console.is_terminal or time.monotonic() - spoken >= SECONDS:
                spoken = time.monotonic()
                show(f"{title}: {number} of {len(items)}", number / len(items))
