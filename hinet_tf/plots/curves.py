"""Loss and validation PSNR over the steps of a training."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

# Seen on white and on black.
_STAGE1, _STAGE2, _INPUT = "#8aa4c8", "#2878bd", "#d05a45"


def learning_curve(
    path: Path, records: list[dict[str, Any]], size: tuple[float, float] = (10, 4)
) -> None:
    """Draws the loss of both stages and the validation PSNR against its input's.

    Args:
        path: Image file to write; the suffix decides the format (`.png`, `.svg`).
        records: Records of the JSON-lines log, of kinds `"train"` and `"validation"`.
        size: Width and height in inches; a high picture has one above the other.
    """
    figure = Figure(size, dpi=150, layout="constrained")
    loss, score = figure.subplots(1, 2) if size[0] > size[1] else figure.subplots(2, 1)
    train = [record for record in records if record["kind"] == "train"]
    steps = [record["step"] for record in train]
    for key, color, label in (
        ("loss_stage1", _STAGE1, "stage 1"),
        ("loss_restored", _STAGE2, "restored image"),
    ):
        values = np.array([record[key] for record in train])
        loss.plot(steps, values, color=color, alpha=0.3, linewidth=0.8)
        loss.plot(steps, _smoothed(values), color=color, label=label)
    loss.set_title("Training loss", loc="left")

    validation = [record for record in records if record["kind"] == "validation"]
    steps = [record["step"] for record in validation]
    marker = "o" if len(steps) < 40 else None
    score.plot(
        steps,
        [r["psnr"] for r in validation],
        color=_STAGE2,
        label="restored",
        marker=marker,
        markersize=3,
    )
    if validation:
        score.axhline(
            validation[-1]["degraded_psnr"], color=_INPUT, linestyle="--", label="degraded input"
        )
    score.set_title("Validation PSNR in dB", loc="left")
    for axes in (loss, score):
        axes.set_xlabel("step")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False)
    figure.savefig(path)


def _smoothed(values: np.ndarray) -> np.ndarray:
    """Means over a window of a thirtieth of the run around each value."""
    reach = len(values) // 60
    sums = np.concatenate([[0.0], np.cumsum(values)])
    center = np.arange(len(values))
    first = np.maximum(center - reach, 0)
    last = np.minimum(center + reach + 1, len(values))
    return (sums[last] - sums[first]) / (last - first)
