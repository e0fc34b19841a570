"""Where a training stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass
class TrainingProgress:
    """The position of a training, shared by its callbacks and kept in its checkpoints.

    Args:
        step: Optimizer steps done.
        total_steps: Steps of the whole run.
        best_psnr: Best validation PSNR so far in dB; `None` before the first validation.
        degraded_psnr: Validation PSNR of the degraded images, for comparison.
        psnr: Newest validation PSNR.
        step_seconds: Time of a newest step, without what callbacks did after it.
        newest: Steps that were made since the callbacks ran last.

    Example:
    >>> TrainingProgress(step=100, total_steps=400).done
    False
    """

    step: int
    total_steps: int
    best_psnr: float | None = None
    degraded_psnr: float | None = None
    psnr: float | None = None
    step_seconds: float = 0.0
    newest: int = 1

    @property
    def done(self) -> bool:
        """Whether the last step has been made."""
        return self.step >= self.total_steps

    def due(self, interval: int) -> bool:
        """Whether something that happens every `interval` steps, and at the end, is due."""
        return self.step % interval == 0 or self.done


def best_validation(records: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The validation whose model is `best.keras`: the first of the highest PSNR.

    Args:
        records: Records of a training's log, one validation at least among them.

    Example:
    >>> log = [{"kind": "validation", "step": step, "psnr": 30.5} for step in (100, 200)]
    >>> best_validation(log)["step"]
    100
    """
    return max(
        (record for record in records if record["kind"] == "validation"),
        key=lambda record: record["psnr"],
    )
