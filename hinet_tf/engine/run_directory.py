"""The directory that a training leaves its results in and resumes from."""

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import filelock

from hinet_tf.engine.json_log import JsonLog
from hinet_tf.files import atomic_path
from hinet_tf.tasks import Recipe


class RunDirectory:
    """A run directory, locked against a second process while in use.

    | file | holds |
    |---|---|
    | `config.json` | the resolved recipe |
    | `log.jsonl` | one line per logged step and per validation |
    | `sessions.jsonl` | one line per time it was trained: which steps, when, how long, on what |
    | `tensorboard/` | the same as scalars, and before/after images |
    | `checkpoints/` | the states to resume from |
    | `best.keras`, `last.keras` | the model with the best validation PSNR, and the last one |
    | `before_after.png`, `learning_curve.png`, `report.html` | what to look at |

    It belongs to a run only from `claim` on: what fails before leaves nothing behind.

    Args:
        path: The directory; made if it is not there.
        writable: Whether this process writes: `False` for all workers but the first.

    Raises:
        ValueError: If another process trains into it, or its run has another recipe.

    Example:
    >>> with RunDirectory("runs/denoise") as run:
    ...     run.check(recipe)
    ...     run.claim(recipe)
    """

    def __init__(self, path: str | Path, writable: bool = True) -> None:
        self.path = Path(path)
        self.writable = writable
        self._lock = filelock.FileLock(self.path / ".lock")
        self._made: list[Path] = []

    def __enter__(self) -> "RunDirectory":
        if not self.writable:
            return self
        folders = (self.path, *self.path.parents)
        self._made = [folder for folder in folders if not folder.exists()]
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
        if self._made and not (self / "config.json").exists():
            (self / ".lock").unlink(missing_ok=True)
            for folder in self._made:
                # Not empty: somebody else has put something there in the meantime.
                with contextlib.suppress(OSError):
                    folder.rmdir()
        self._lock.release()

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def check(self, recipe: Recipe) -> None:
        """Checks that the run there, if there is one, has this recipe.

        Args:
            recipe: The resolved recipe.

        Raises:
            ValueError: If the run has another recipe; the message names the first difference.
        """
        config = self / "config.json"
        if config.exists():
            previous = Recipe.from_json(config.read_text())
            for key in Recipe.fixed_keys():
                before, value = getattr(previous, key), getattr(recipe, key)
                if before != value:
                    start = f" and start there with --init {self.path}" * (key == "quantize")
                    raise ValueError(
                        f"{self.path} holds a run with {key}={json.dumps(before)}; this "
                        f"command asks for {key}={json.dumps(value)}. Repeat the first command to "
                        f"resume it, or give this one another directory with --run{start}."
                    )

    def claim(self, recipe: Recipe) -> None:
        """Makes the directory that of a run: writes its recipe, once all else stands.

        Args:
            recipe: The resolved recipe, which `check` has passed.
        """
        if self.writable:
            with atomic_path(self / "config.json") as temporary:
                temporary.write_text(recipe.to_json())

    def finished(self, recipe: Recipe) -> bool:
        """Whether the run there has taken every step of the recipe and left its results.

        Args:
            recipe: The resolved recipe, which `check` has passed.
        """
        records = JsonLog(self / "log.jsonl").records()
        return {"step": recipe.steps, "kind": "finished"} in records

    def _remove_leftovers(self) -> None:
        """Clears away what a killed process had not finished writing."""
        # Not deeper: there another process may train into a run of its own.
        for folder in (self.path, self / "checkpoints"):
            for leftover in folder.glob(".*.tmp"):
                shutil.rmtree(leftover, ignore_errors=True)
