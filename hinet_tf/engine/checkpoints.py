"""The state of a training on disk, complete enough to go on bit for bit."""

import json
import logging
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from hinet_tf.files import atomic_path

_NAME = re.compile(r"step-(\d{8})\.npz")
_NOTES = "notes"
# Newest checkpoints to keep: one more than needed, as it may be damaged.
_KEEP = 2
logger = logging.getLogger(__name__)


class Checkpoints:
    """Saves and restores network, optimizer, moving averages and notes such as the best score.

    A checkpoint is one `.npz` file of named arrays, written whole or not at all. Its archive
    carries a checksum of each array, so that a damaged file is found and the one before it is
    taken. The learning rate and the position in the data follow from the step.

    Args:
        directory: Where the files `step-00001000.npz` lie.
        keep_every: Checkpoints at multiples of this step are never deleted; `None` for none. The
            two newest are kept besides.

    Example:
    >>> checkpoints = Checkpoints("runs/denoise/checkpoints")
    """

    def __init__(self, directory: str | Path, keep_every: int | None = None) -> None:
        self.directory = Path(directory)
        self.keep_every = keep_every

    def steps(self) -> list[int]:
        """Steps that there are checkpoints of, oldest first."""
        names = (_NAME.fullmatch(path.name) for path in self.directory.glob("step-*.npz"))
        return sorted(int(name[1]) for name in names if name)

    def path(self, step: int) -> Path:
        """File of the checkpoint of a step."""
        return self.directory / f"step-{step:08d}.npz"

    def save(self, step: int, model: keras.Model, notes: dict[str, Any]) -> None:
        """Writes the checkpoint of a step, then deletes those no longer wanted.

        Args:
            step: Optimizer steps done.
            model: A compiled model with a built optimizer.
            notes: Anything JSON can hold.

        Raises:
            OSError: If it cannot be written; earlier checkpoints are untouched.
        """
        arrays = {
            name: keras.ops.convert_to_numpy(variable.value)
            for name, variable in _named_variables(model)
        }
        try:
            with atomic_path(self.path(step)) as temporary:
                np.savez(temporary, **{_NOTES: np.array(json.dumps(notes))}, **arrays)
        except OSError as error:
            last = max(self.steps(), default=0)
            raise OSError(
                f"Checkpoint {self.path(step)} could not be written: {error}. Make room and repeat "
                f"the command; it goes on from step {last:,}."
            ) from error
        for old in self.steps()[:-_KEEP]:
            if not self.keep_every or old % self.keep_every:
                self.path(old).unlink(missing_ok=True)

    def restore_newest(self, model: keras.Model) -> tuple[int, dict[str, Any]]:
        """Puts the newest intact checkpoint into a model.

        Args:
            model: A compiled model with a built optimizer.

        Returns:
            The step and the notes; `(0, {})` if there is no checkpoint.

        Raises:
            ValueError: If the checkpoint is of another network or optimizer, or none is intact.
        """
        steps = self.steps()
        for step in reversed(steps):
            try:
                with np.load(self.path(step), allow_pickle=False) as archive:
                    arrays = dict(archive)
            # Of the last kind is an archive that claims to be encrypted or of the future.
            except (
                OSError,
                ValueError,
                EOFError,
                KeyError,
                zipfile.BadZipFile,
                RuntimeError,
            ) as error:
                logger.warning(
                    "Checkpoint %s is damaged (%s); taking the one before it.",
                    self.path(step),
                    error,
                )
                continue
            notes = json.loads(str(arrays.pop(_NOTES)))
            _assign(model, arrays, self.path(step))
            return step, notes
        if steps:
            raise ValueError(
                f"All {len(steps)} checkpoints in {self.directory} are damaged. Move the "
                "directory away to start anew."
            )
        return 0, {}


def _named_variables(model: keras.Model) -> Iterable[tuple[str, keras.Variable]]:
    for owner, variables in (
        ("network", model.variables),
        ("optimizer", model.optimizer.variables),
    ):
        for number, variable in enumerate(variables):
            # The number keeps names apart that only differ by a character the path replaces.
            yield f"{owner}/{number:04d}/{variable.path}", variable


def _assign(model: keras.Model, arrays: dict[str, np.ndarray], path: Path) -> None:
    variables = dict(_named_variables(model))
    differing = sorted(variables.keys() ^ arrays.keys()) or [
        f"{name} of shape {arrays[name].shape}, expected {tuple(variable.shape)}"
        for name, variable in variables.items()
        if arrays[name].shape != tuple(variable.shape)
    ]
    if differing:
        raise ValueError(
            f"{path} holds the state of another network or optimizer; they differ in "
            f"{', '.join(differing[:4])}. Train into another run directory."
        )
    for name, variable in variables.items():
        variable.assign(arrays[name])
