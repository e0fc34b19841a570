"""A page with a before/after slider for each preset and photo."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hinet_tf.training.presets.examples import EXAMPLES, pairs_of
from hinet_tf.training.presets.test_sets import middle
from PIL import Image

from hinet_tf.data import ImagePair
from hinet_tf.evaluation.scoring import score_pairs
from hinet_tf.files import atomic_path
from hinet_tf.images.pixel_format import to_uint8
from hinet_tf.inference.restorer import Restorer
from hinet_tf.plots import render_page

# What a page shows of each photo: at this size five presets and four photos stay below 3 MB.
_HEIGHT, _WIDTH = 256, 384
_QUALITY = 86
_PROTOCOL = "matlab"


def write_preset_gallery(
    folder: Path,
    restorers: Mapping[str, tuple[Mapping[str, Any], Restorer]],
    photos: Mapping[str, np.ndarray],
    credit: str,
    real: Mapping[str, Sequence[ImagePair]] | None = None,
) -> Path:
    """Degrades the middle of each photo, restores it with each preset, and writes the page.

    Args:
        folder: Where to; the pictures go into `folder/gallery`.
        restorers: Name -> card and restorer.
        photos: Name -> clean photo, `(height, width, 3)` uint8, at least 256 by 384 pixels.
        credit: Line about the photos at the end of the page.
        real: Task -> pairs that were not degraded by a program, shown whole among the photos.

    Returns:
        The path of `index.html`.

    Raises:
        ValueError: If a photo is too small.
    """
    small = [name for name, p in photos.items() if p.shape[0] < _HEIGHT or p.shape[1] < _WIDTH]
    if small:
        raise ValueError(
            f"The photo {small[0]} has {photos[small[0]].shape[1]}x{photos[small[0]].shape[0]} "
            f"pixels; the gallery shows {_WIDTH}x{_HEIGHT}."
        )
    # From near the top: that is where portraits have their faces.
    crops = {name: middle(p[: _HEIGHT + 32], _HEIGHT, _WIDTH) for name, p in photos.items()}
    for name, crop in crops.items():
        _save(folder / "gallery" / f"{name}.webp", crop)
    sections = []
    for preset, (card, restorer) in restorers.items():
        taken = (real or {}).get(card["task"], [])
        for pair in taken:
            _save(folder / "gallery" / f"{pair.name}.webp", pair.clean)
        pairs = pairs_of(card["task"], list(crops), list(crops.values()))
        entries = _entries(folder / "gallery", preset, card["task"], restorer, [*pairs, *taken])
        for entry in entries:
            entry["name"] += ", from a camera" * (entry["name"] in {pair.name for pair in taken})
        sections.append(
            {
                "name": preset,
                "title": card["title"],
                "parameters": card["parameters"],
                "degradation": EXAMPLES[card["task"]][0],
                "entries": entries,
            }
        )
    # Who opens the page sees first what gained most, and what got worse last.
    sections.sort(key=lambda section: -np.mean([_gain(entry) for entry in section["entries"]]))
    template = Path(__file__).parent / "templates" / "preset_gallery.html"
    title = "The presets of hinet-tf"
    page = render_page(template, title=title, sections=sections, credit=credit)
    with atomic_path(folder / "index.html") as temporary:
        temporary.write_text(page, encoding="utf-8")
    return folder / "index.html"


def _entries(
    folder: Path, preset: str, task: str, restorer: Restorer, pairs: Sequence[ImagePair]
) -> Sequence[dict[str, Any]]:
    entries: list[dict[str, Any]] = []

    def keep(score, images: dict[str, np.ndarray]) -> None:
        # Presets of one task are shown the same input.
        names = {
            "target": f"gallery/{score.name}.webp",
            "degraded": f"gallery/{task}_{score.name}.webp",
            "restored": f"gallery/{preset}_{score.name}.webp",
        }
        for side in ("degraded", "restored"):
            _save(folder.parent / names[side], images[side])
        entries.append(
            {
                **names,
                "name": score.name,
                "before": score.degraded[_PROTOCOL]["psnr"],
                "after": score.restored[_PROTOCOL]["psnr"],
                "ssim": score.restored[_PROTOCOL]["ssim"],
            }
        )

    score_pairs(restorer, pairs, [_PROTOCOL], on_image=keep)
    return sorted(entries, key=_gain, reverse=True)


def _gain(entry: Mapping[str, Any]) -> float:
    return entry["after"] - entry["before"]


def _save(path: Path, image: np.ndarray) -> None:
    with atomic_path(path) as temporary:
        Image.fromarray(to_uint8(image)).save(temporary, quality=_QUALITY, method=6)
