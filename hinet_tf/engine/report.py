"""A page that says what a training reached."""

import base64
import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hinet_tf.engine.validator import Restoration, Validator
from hinet_tf.files import atomic_path
from hinet_tf.images.pixel_format import to_uint8
from hinet_tf.plots import comparison_figure, learning_curve, render_page
from hinet_tf.tasks import Recipe


def write_report(
    path: Path, recipe: Recipe, records: list[dict[str, Any]], validator: Validator
) -> list[Restoration]:
    """Writes a self-contained HTML page: curves, the worst and the best validation image.

    Args:
        path: File to write.
        recipe: The recipe of the training.
        records: Records of its log.
        validator: Scores the images anew with the weights of the moment.

    Returns:
        What became of each validation image, the worst first.
    """
    scored = sorted(enumerate(validator.run()), key=lambda item: item[1].psnr)
    chosen = {"Validation image": scored[0]}
    if len(scored) > 1:
        chosen = {"Worst validation image": scored[0], "Best validation image": scored[-1]}
    examples = [
        (heading, restoration, _png(lambda file, n=number: draw_pair(file, validator, n)))
        for heading, (number, restoration) in chosen.items()
    ]
    restorations = [restoration for _, restoration in scored]
    count = len(restorations)
    page = render_page(
        Path(__file__).parent / "templates" / "report.html",
        title=f"HINet: {recipe.task}",
        recipe=recipe,
        settings=[(key, _text(value)) for key, value in dataclasses.asdict(recipe).items()],
        psnr=sum(restoration.psnr for restoration in restorations) / count,
        degraded_psnr=sum(restoration.degraded_psnr for restoration in restorations) / count,
        curve=_png(lambda file: learning_curve(file, records)),
        examples=examples,
        restorations=restorations,
    )
    with atomic_path(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return restorations


def draw_pair(path: Path, validator: Validator, number: int) -> None:
    """Draws degraded, restored and clean of one validation image with their PSNR."""
    _, images = validator.restored(number)
    labels = ("degraded", "restored", "clean")
    shown = {label: to_uint8(image) for label, image in zip(labels, images, strict=True)}
    comparison_figure(shown, path, target="clean")


def _text(value: Any) -> str:
    """A setting as `--set` takes it."""
    if isinstance(value, tuple):
        return ",".join(f"{part:g}" for part in value)
    return "none" if value is None else str(value)


def _png(draw: Callable[[Path], None]) -> str:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "picture.png"
        draw(file)
        return base64.b64encode(file.read_bytes()).decode("ascii")
