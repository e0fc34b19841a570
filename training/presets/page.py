"""The page about a preset: its card as Markdown, with pictures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from hinet_tf.training.presets.examples import EXAMPLES, example_pairs
from hinet_tf.training.presets.tables import preset_tables

from hinet_tf.evaluation.scoring import score_pairs
from hinet_tf.files import atomic_path
from hinet_tf.inference.restorer import Restorer
from hinet_tf.plots.comparison import comparison_figure, differing_boxes

_FAILURES = 2


def write_page(folder: Path, card: Mapping[str, Any]) -> Path:
    """Writes `NAME.md`.

    Args:
        folder: Where to; the pictures lie there too.
        card: The card.

    Returns:
        Its path.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False}
    text = environment.get_template("preset.md").render(
        card=card, scores=preset_tables({card["name"]: card})
    )
    path = folder / f"{card['name']}.md"
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def draw_failures(folder: Path, name: str, task: str, restorer: Restorer) -> list[dict[str, Any]]:
    """Draws the photos that a preset restores worst.

    Args:
        folder: Where to.
        name: The preset's name.
        task: Its task.
        restorer: The preset.

    Returns:
        `{"name", "degradation", "input", "restored", "picture"}` of each, the worst first.
    """
    protocol, seen = "matlab", {}
    scores = score_pairs(
        restorer,
        example_pairs(task),
        [protocol],
        on_image=lambda score, images: seen.update({score.name: images}),
    )
    failures = []
    for score in sorted(scores, key=lambda score: score.restored[protocol]["psnr"])[:_FAILURES]:
        picture = f"{name}_{score.name}.webp"
        images = seen[score.name]
        comparison_figure(
            {EXAMPLES[task][0]: images["degraded"], "restored": images["restored"]}
            | {"clean": images["target"]},
            folder / picture,
            target="clean",
            boxes=differing_boxes(images["restored"] / 255, images["target"] / 255),
            protocol=protocol,
        )
        failures.append(
            {
                "name": score.name,
                "degradation": EXAMPLES[task][0],
                "input": score.degraded[protocol]["psnr"],
                "restored": score.restored[protocol]["psnr"],
                "picture": picture,
            }
        )
    return failures
