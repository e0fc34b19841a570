"""A page that says what a training reached."""

import base64
import dataclasses
import datetime
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib

from hinet_tf.engine.progress import best_validation
from hinet_tf.engine.validator import Validator
from hinet_tf.files import atomic_path
from hinet_tf.images.pixel_format import to_uint8
from hinet_tf.plots import comparison_figure, learning_curve, render_page
from hinet_tf.tasks import Recipe
from hinet_tf.tasks.recipe import DEGRADATIONS


def write_report(
    path: Path,
    recipe: Recipe,
    records: list[dict[str, Any]],
    sessions: list[dict[str, Any]],
    validator: Validator,
) -> None:
    """Writes a self-contained HTML page on the best model of a training.

    Curves, the worst and the best validation image, when, how long and on what was trained, and
    the recipe.

    Args:
        path: File to write.
        recipe: The recipe of the training.
        records: Records of its log.
        sessions: Records of its `sessions.jsonl`.
        validator: Holds the best model; scores the images anew.
    """
    scored = sorted(enumerate(validator.score()), key=lambda item: item[1].psnr)
    chosen = {"Validation image": scored[0]}
    if len(scored) > 1:
        chosen = {"Worst validation image": scored[0], "Best validation image": scored[-1]}
    examples = [
        (heading, restoration, _png(lambda file, n=number: draw_pair(file, validator, n)))
        for heading, (number, restoration) in chosen.items()
    ]
    page = render_page(
        Path(__file__).parent / "templates" / "report.html",
        title=f"HINet: {recipe.task}",
        recipe=recipe,
        settings=[(key, _text(value)) for key, value in _applying(recipe, validator).items()],
        best=best_validation(records),
        curve=_png(lambda file: learning_curve(file, records)),
        high_curve=_png(lambda file: learning_curve(file, records, (5, 7))),
        examples=examples,
        restorations=[restoration for _, restoration in scored],
        sessions=[
            {**session, "took": datetime.timedelta(seconds=round(session["seconds"]))}
            for session in sessions
        ],
    )
    with atomic_path(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _applying(recipe: Recipe, validator: Validator) -> dict[str, Any]:
    """The keys that the training went by: none of another degradation, none that is off."""
    degrading = (
        () if validator.pairs.paired else ("degradation", *DEGRADATIONS[recipe.degradation][1])
    )
    others = {"degradation"}.union(*(keys for _, keys in DEGRADATIONS.values())) - {*degrading}
    settings = dataclasses.asdict(recipe) | {
        "validate_every": recipe.validation_interval,
        "save_every": recipe.save_interval,
    }
    # One part is no splitting, an average that forgets at once is none, and so on.
    off = {"accumulate": 1, "depth": 5, "ema": 0.0, "warmup_steps": 0}
    return {
        key: value
        for key, value in settings.items()
        if key not in others and value is not None and off.get(key) != value
    }


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
    return str(value)


def _png(draw: Callable[[Path], None]) -> str:
    """A figure in base64 that is read on a white page as on a black one."""
    gray = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    style = {"savefig.transparent": True} | dict.fromkeys(gray, "#808080")
    with tempfile.TemporaryDirectory() as directory, matplotlib.rc_context(style):
        file = Path(directory) / "picture.png"
        draw(file)
        return base64.b64encode(file.read_bytes()).decode("ascii")
