"""Scores as a table for the terminal and as files."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from hinet_tf.evaluation.scoring import ImageScore
from hinet_tf.files import atomic_path

_COLUMNS = ("model", "set", "image", "protocol", "psnr", "ssim", "input_psnr", "input_ssim")


def summary_table(title: str, summary: dict[str, Any]) -> Table:
    """The means of a test set, one row per set and protocol.

    Args:
        title: Headline.
        summary: The result of `summarize`.

    Returns:
        A table for `rich.print`.
    """
    table = Table(title=title, title_justify="left")
    for column in ("set", "protocol", "PSNR", "SSIM", "input PSNR", "input SSIM"):
        table.add_column(column, justify="left" if column in ("set", "protocol") else "right")
    sets = summary.get("sets", {})
    for name, means in [*sets.items(), ("mean of sets" if sets else "all", summary)]:
        for protocol, restored in means["restored"].items():
            degraded = means["degraded"][protocol]
            table.add_row(
                name,
                protocol,
                f"{restored['psnr']:.3f}",
                f"{restored['ssim']:.4f}",
                f"{degraded['psnr']:.3f}",
                f"{degraded['ssim']:.4f}",
            )
    return table


def difference_lines(differences: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    """Paired differences with their intervals as lines of text.

    Args:
        differences: `{protocol: {"psnr": ..., "ssim": ...}}` of `paired_difference`.

    Returns:
        One line per protocol and figure.
    """
    return [
        f"B - A, {protocol} {key.upper()}: {result['difference']:+.{digits}f}{unit}, "
        f"95 % interval {result['low']:+.{digits}f} to {result['high']:+.{digits}f} "
        f"({result['images']} images)"
        for protocol, figures in differences.items()
        for key, digits, unit in (("psnr", 3, " dB"), ("ssim", 5, ""))
        for result in [figures[key]]
    ]


def write_csv(path: Path, models: Sequence[str], scores: Sequence[Sequence[ImageScore]]) -> None:
    """Writes one row per model, image and protocol.

    Args:
        path: The file.
        models: Name of each model.
        scores: Scores of each model.
    """
    with atomic_path(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for model, side in zip(models, scores, strict=True):
            for score in side:
                for protocol, after in score.restored.items():
                    before = score.degraded[protocol]
                    figures = (after["psnr"], after["ssim"], before["psnr"], before["ssim"])
                    names = (model, score.set_name, score.name, protocol)
                    writer.writerow([*names, *[f"{value:.6f}" for value in figures]])


def finite(value: Any) -> Any:
    """Plain dictionaries, lists and numbers, with `None` for numbers that JSON has not."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
