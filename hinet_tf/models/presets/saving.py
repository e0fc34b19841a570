"""From a model to a folder that `from_preset` and the hubs take."""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from hinet_tf.files import atomic_path
from hinet_tf.models.official_layout import official_tensors
from hinet_tf.models.presets.hub import CARD, WEIGHTS, is_hub_address
from hinet_tf.models.presets.registry import FORMAT, read_card

# What only the owner of the weights knows, and what the card says where nothing is said.
_FACTS: dict[str, Any] = {
    "task": "unknown",
    "license": "unknown",
    "training_data": [],
    "intended_use": "unknown",
    "limits": [],
    "made_by": [],
    "scores": {},
    "remarks": [],
    "title": "restores images",
}


def save_preset(model: Any, preset_dir: str | os.PathLike[str], facts: Mapping[str, Any]) -> None:
    """Writes a model as a preset; see `HINet.save_to_preset`.

    Args:
        model: The `HINet`.
        preset_dir: The folder.
        facts: What the card says besides the network.

    Raises:
        ValueError: If a fact is unknown or of a wrong type, a weight is not finite, or the folder
            is no place for a preset.
    """
    if is_hub_address(preset_dir):
        raise ValueError(
            f"A preset is saved into a folder. Received: {preset_dir}. Save it and upload the "
            "folder: hf upload OWNER/NAME FOLDER."
        )
    unknown = sorted(set(facts) - set(_FACTS) - {"name"})
    if unknown:
        raise ValueError(
            f"A card has no place for: {', '.join(unknown)}. Expected some of: name, "
            f"{', '.join(_FACTS)}."
        )
    folder = Path(preset_dir)
    if (folder / CARD).exists():
        # Raises where it is a file of something else.
        read_card(folder / CARD)
    # Late: what only restores does without it.
    from safetensors.numpy import save

    # In C's order, as `save` writes memory as it lies and calls it that (0.8).
    tensors = {
        tensor.name: np.ascontiguousarray(tensor.official_value, "float32")
        for tensor in official_tensors(model)
    }
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise ValueError(
                f"{name} holds NaN or infinite values. The training went wrong; nothing was saved."
            )
    # The layout is PyTorch's, which is what readers look for under this word.
    content = save(tensors, {"format": "pt"})
    config = {k: v for k, v in model.get_config().items() if k not in ("name", "dtype")}
    card = {
        "format": FORMAT,
        "name": folder.absolute().name,
        **_FACTS,
        **facts,
        "scale": model.width / 64,
        "config": config,
        "parameters": model.count_params(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "rounding": "none: float32, as trained",
        "check": {},
    }
    try:
        text = json.dumps(card, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    except TypeError as error:
        raise ValueError(f"A fact is no plain data: {error}.") from error
    # All are written before one takes its place: a card must not meet the weights of another.
    with ExitStack() as places:
        files = {name: atomic_path(folder / name) for name in ("README.md", CARD, WEIGHTS)}
        paths = {name: places.enter_context(file) for name, file in files.items()}
        paths[CARD].write_text(text, encoding="utf-8")
        # Written by this version, readable by this version: facts of a wrong type are told now.
        read_card(paths[CARD])
        paths["README.md"].write_text(_page(card), encoding="utf-8")
        paths[WEIGHTS].write_bytes(content)


def _page(card: Mapping[str, Any]) -> str:
    """The page that the hubs show, from the card."""
    license_line = "" if card["license"] == "unknown" else f"license: {card['license'].lower()}\n"
    return f"""---
{license_line}library_name: keras
pipeline_tag: image-to-image
tags: [hinet, image-restoration]
---
# {card["name"]}

HINet with {card["parameters"]:,} parameters (width {card["config"]["width"]}); it {card["title"]}.
Task: {card["task"]}. Weights have the names and the layout of the official PyTorch network.

```python
import hinet_tf  # pip install 'hinet-tf[hub]'

model = hinet_tf.HINet.from_preset("hf://OWNER/{card["name"]}")
```
"""
