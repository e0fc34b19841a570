"""The directory that a training leaves its results in and resumes from."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import filelock

from hinet_tf.files import atomic_path
from hinet_tf.tasks import Recipe

# What may differ between the first command and the one that goes on with its run: none of it
# changes what a step computes, but for `steps`, which stretches the schedule on purpose.
_MAY_CHANGE = ("steps", "validate_every", "save_every", "keep_every", "validation_images")


class RunDirectory:
    """A run directory, locked against a second process while in use.

    | file | holds |
    |---|---|
    | `config.json` | the resolved recipe |
    | `log.jsonl` | one line per logged step and per validation |
    | `tensorboard/` | the same as scalars, and before/after images |
    | `checkpoints/` | the states to resume from |
    | `best.keras`, `last.keras` | the model with the best validation PSNR, and the last one |
    | `before_after.png`, `learning_curve.png`, `report.html` | what to look at |

    Args:
        path: The directory; made if it is not there.
        writable: Whether this process writes: `False` for all workers but the first.

    Raises:
        ValueError: If another process trains into it, or its run has another recipe.

    Example:
    >>> with RunDirectory("runs/denoise") as run:
    ...     run.claim(recipe)
    """

    def __init__(self, path: str | Path, writable: bool = True) -> None:
        self.path = Path(path)
        self.writable = writable
        self._lock = filelock.FileLock(self.path / ".lock")

    def __enter__(self) -> "RunDirectory":
        if not self.writable:
            return self
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(blocking=False)
        except filelock.Timeout:
            raise ValueError(
                f"Another process is training into {self.path}. Wait for it, or give this one "
                "another directory with --run."
            ) from None
        self._remove_leftovers()
        return self

    def __exit__(self, *error: Any) -> None:
        self._lock.release()

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def claim(self, recipe: Recipe) -> None:
        """Writes the recipe of a new run, or checks that it is the one of the run there.

        Args:
            recipe: The resolved recipe.

        Raises:
            ValueError: If the run has another recipe; the message names the first difference.
        """
        config = self / "config.json"
        if config.exists():
            previous = dataclasses.asdict(Recipe.from_json(config.read_text()))
            for key, value in dataclasses.asdict(recipe).items():
                if key not in _MAY_CHANGE and previous[key] != value:
                    raise ValueError(
                        f"{self.path} holds a run with {key}={json.dumps(previous[key])}; this "
                        f"command asks for {key}={json.dumps(value)}. Repeat the first command to "
                        "resume it, or give this one another directory with --run."
                    )
        if self.writable:
            with atomic_path(config) as temporary:
                temporary.write_text(recipe.to_json())

    def _remove_leftovers(self) -> None:
        """Clears away what a killed process had not finished writing."""
        for leftover in self.path.rglob(".*.tmp"):
            shutil.rmtree(leftover, ignore_errors=True)
