"""Which presets there are."""

import os
from numbers import Real
from pathlib import Path
from typing import Any

from hinet_tf.files import json_object
from hinet_tf.models.presets.hub import CARD, WEIGHTS, fetch_card, is_hub_address

FOLDER = Path(__file__).parent
# What `hinet-restore` takes where no model is named.
DEFAULT_PRESET = "denoise_0.25x"

# Without these a card says too little to trust or to use the weights.
REQUIRED = (
    *("name", "task", "scale", "config", "parameters", "sha256", "license", "training_data"),
    *("intended_use", "limits", "made_by", "rounding", "check", "scores"),
)
# Of cards that this version writes, and the newest that it reads; the first had no number.
FORMAT = 1
# What the commands rely on; any card may say more.
_TYPES = {
    "name": (str, "a text"),
    "task": (str, "a text"),
    "sha256": (str, "a text"),
    "license": (str, "a text"),
    "scale": (Real, "a number"),
    "config": (dict, "an object"),
    "training_data": (list, "a list of objects with name and license"),
}
# Cards that ship have 10 kB.
_LARGEST = 2**20
REMEDY = "Reinstall the package (pip install --force-reinstall hinet-tf) or copy the preset again."

_SUMMARY = ("task", "scale", "license", "training_data", "scores", "sha256")


def presets() -> dict[str, dict[str, Any]]:
    """Lists the trained models that ship with the package.

    Returns:
        Name -> `{"task", "scale", "license", "training_data", "scores", "sha256"}`. The whole
        card, with limits and the commands that made the weights, is `preset_card(name)`.

    Example:
    >>> presets()["denoise_0.25x"]["license"]
    'MIT'
    """
    cards = {name: read_card(path) for name, path in _cards().items()}
    return {name: {key: card[key] for key in _SUMMARY} for name, card in cards.items()}


def preset_names() -> list[str]:
    """The names of `presets()`, without reading a card.

    Example:
    >>> "denoise_0.25x" in preset_names()
    True
    """
    return list(_cards())


def is_preset(name: str | os.PathLike[str]) -> bool:
    """Whether a name is one of `presets()`, or whatever else `preset_card` takes."""
    path = Path(name)
    if is_hub_address(name) or os.fspath(name) in _cards() or path.suffix == ".json":
        return True
    return any(path.glob("*.npz")) or (path / WEIGHTS).is_file()


def preset_card(name_or_dir: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads everything that is known about a preset.

    Args:
        name_or_dir: Name of a preset that ships, a folder with one card and its weights, a
            card's path, `hf://owner/name` or `kaggle://owner/model/keras/variation`.

    Returns:
        The card, plain data.

    Raises:
        ValueError: If there is no such preset, or its card is damaged.
        OSError: If a hub does not answer or refuses.

    Example:
    >>> preset_card("denoise_0.25x")["config"]["width"]
    16
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
    if is_hub_address(name):
        return fetch_card(name, read_card)
    folder = Path(name)
    if folder.suffix == ".json" and folder.is_file():
        return folder
    if not folder.is_dir():
        raise ValueError(
            f"No such preset. Received: {name!r}. Expected one of: "
            f"{', '.join(known) or '(none ships with this version)'}; a folder with a preset's "
            "card and weights; hf://OWNER/NAME or kaggle://OWNER/MODEL/keras/VARIATION."
        )
    cards = [path for path in sorted(folder.glob("*.json")) if weights_path(path).is_file()]
    if len(cards) != 1:
        raise ValueError(
            f"Expected one preset in the folder {folder}: {CARD} beside {WEIGHTS}, or NAME.json "
            "beside NAME.npz. Received: "
            f"{', '.join(path.stem for path in cards) or 'none'}."
        )
    return cards[0]


def weights_path(card: Path) -> Path:
    """Where the weights of a card lie: under the hubs' name, or as `.npz` under the card's."""
    return card.with_name(WEIGHTS) if card.name == CARD else card.with_suffix(".npz")


def _cards() -> dict[str, Path]:
    return {path.stem: path for path in sorted(FOLDER.glob("*.json"))}


def read_card(path: Path) -> dict[str, Any]:
    """Reads a card.

    Args:
        path: The file `NAME.json`.

    Returns:
        The card.

    Raises:
        ValueError: If it is damaged, lacks something, or is of a newer format.
    """
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    try:
        if len(content) > _LARGEST:
            raise ValueError("it is larger than 1 MB")
        card = json_object(content)
    except ValueError as error:
        raise ValueError(f"{path} is no readable card of a preset ({error}). {REMEDY}") from error
    version = card.get("format", FORMAT)
    if version != FORMAT:
        raise ValueError(
            f"{path} is a card of format {str(version)[:20]}. This version of hinet-tf reads "
            f"{FORMAT}; upgrade it: pip install --upgrade hinet-tf."
        )
    problems = [f"{key} missing" for key in REQUIRED if key not in card]
    problems += [
        f"{key} must be {what}"
        for key, (kind, what) in _TYPES.items()
        if key in card and not _is_of(kind, card[key])
    ]
    if problems:
        raise ValueError(f"{path} is no card of a preset: {', '.join(problems)}. {REMEDY}")
    return card


def _is_of(kind: type, value: Any) -> bool:
    if not isinstance(value, list):
        return isinstance(value, kind)
    # The only list: the training data.
    return kind is list and all(
        isinstance(entry, dict) and all(isinstance(entry.get(k), str) for k in ("name", "license"))
        for entry in value
    )
