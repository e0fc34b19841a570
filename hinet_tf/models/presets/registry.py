"""Which presets there are."""

import json
import os
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
# What `hinet-restore` takes where no model is named.
DEFAULT_PRESET = "denoise_0.25x"

# Without these a card says too little to trust or to use the weights.
REQUIRED = (
    *("name", "task", "scale", "config", "parameters", "sha256", "license", "training_data"),
    *("intended_use", "limits", "made_by", "rounding", "check", "scores"),
)
REMEDY = "Reinstall the package (pip install --force-reinstall hinet-tf) or copy the preset again."

_SUMMARY = ("task", "scale", "license", "training_data", "scores", "sha256")


def presets() -> dict[str, dict[str, Any]]:
    """Lists the trained models that ship with the package.

    Returns:
        Name -> `{"task", "scale", "license", "training_data", "scores", "sha256"}`. The whole
        card, with limits and the commands that made the weights, is `preset_card(name)`.

    Example:
    >>> for name, preset in presets().items():
    ...     print(name, preset["task"], preset["license"])  # doctest: +SKIP
    denoise_0.25x denoise MIT
    """
    cards = {name: read_card(path) for name, path in _cards().items()}
    return {name: {key: card[key] for key in _SUMMARY} for name, card in cards.items()}


def is_preset(name: str | os.PathLike[str]) -> bool:
    """Whether a name is one of `presets()`, or a folder or card as `preset_card` takes them."""
    path = Path(name)
    return os.fspath(name) in _cards() or path.suffix == ".json" or any(path.glob("*.npz"))


def preset_card(name_or_dir: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads everything that is known about a preset.

    Args:
        name_or_dir: Name of a preset that ships, a folder with one card and its weights, or a
            card's path.

    Returns:
        The card, plain data.

    Raises:
        ValueError: If there is no such preset, or its card is damaged.

    Example:
    >>> preset_card("denoise_0.25x")["limits"]  # doctest: +SKIP
    """
    return read_card(card_path(name_or_dir))


def card_path(name_or_dir: str | os.PathLike[str]) -> Path:
    """Finds the card of a preset; a name that ships comes before a folder of the same name.

    Raises:
        ValueError: If there is none, or a folder holds several.
    """
    known, name = _cards(), os.fspath(name_or_dir)
    if name in known:
        return known[name]
    folder = Path(name)
    if folder.suffix == ".json" and folder.is_file():
        return folder
    if not folder.is_dir():
        raise ValueError(
            f"No such preset. Received: {name!r}. Expected one of: "
            f"{', '.join(known) or '(none ships with this version)'}; or a folder with a "
            "preset's card and weights."
        )
    cards = [path for path in sorted(folder.glob("*.json")) if path.with_suffix(".npz").is_file()]
    if len(cards) != 1:
        raise ValueError(
            f"Expected one preset in the folder {folder}: NAME.json beside NAME.npz. Received: "
            f"{', '.join(path.stem for path in cards) or 'none'}."
        )
    return cards[0]


def _cards() -> dict[str, Path]:
    return {path.stem: path for path in sorted(FOLDER.glob("*.json"))}


def read_card(path: Path) -> dict[str, Any]:
    """Reads a card.

    Args:
        path: The file `NAME.json`.

    Returns:
        The card.

    Raises:
        ValueError: If it is damaged or lacks something.
    """
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        missing = [key for key in REQUIRED if key not in card]
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path} is no readable card of a preset ({error}). {REMEDY}") from error
    if missing:
        raise ValueError(f"{path} is no card of a preset: {', '.join(missing)} missing. {REMEDY}")
    return card
