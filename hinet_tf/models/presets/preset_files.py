"""Presets to models and back."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from hinet_tf.files import atomic_path
from hinet_tf.models.official_layout import (
    assign_official_tensors,
    check_official_tensors,
    official_tensors,
)
from hinet_tf.models.presets.preset_reading import read_preset
from hinet_tf.models.presets.registry import REMEDY, card_path, weights_path
from hinet_tf.models.weights import without_values


def load_preset(name_or_dir: str | os.PathLike[str], model_class: type[Any], **changes: Any) -> Any:
    """Builds the model of a preset; see `HINet.from_preset`."""
    path = card_path(name_or_dir)
    card, tensors = read_preset(path)

    def build() -> Any:
        return model_class.from_config({**card["config"], **changes})

    try:
        network = without_values(build)
    # Whatever Keras makes of a config that is none.
    except Exception as error:
        reason = str(error).rstrip(".")
        raise ValueError(f"{path} describes no HINet: {reason}. {REMEDY}") from error
    check_official_tensors(network, tensors, str(weights_path(path)))
    model = build()
    values = {name: value.astype(np.float32) for name, value in tensors.items()}
    assign_official_tensors(model, values)
    return model


def write_preset(folder: Path, card: Mapping[str, Any], model: keras.Model) -> None:
    """Writes weights and card; the same weights give the same file, byte for byte.

    Args:
        folder: Where to.
        card: The card; its `sha256` is filled in.
        model: The `HINet` that holds the weights.

    Raises:
        ValueError: If a weight is not finite in float16.
    """
    tensors = {}
    for tensor in official_tensors(model):
        value = tensor.official_value
        # Overflow is what is looked for; it needs no warning besides.
        with np.errstate(over="ignore"):
            tensors[tensor.name] = value.astype(np.float16)
        if not np.isfinite(tensors[tensor.name]).all():
            raise ValueError(
                f"{tensor.name} does not fit into float16: values up to {np.abs(value).max():g}. "
                "The training went wrong; weights of a trained network are far below 65504."
            )
    file = folder / f"{card['name']}.npz"
    with atomic_path(file) as temporary:
        np.savez(temporary, **tensors)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    write_card(folder, {**card, "sha256": digest})


def write_card(folder: Path, card: Mapping[str, Any]) -> None:
    """Writes a card.

    Args:
        folder: Where to.
        card: The card.
    """
    with atomic_path(folder / f"{card['name']}.json") as temporary:
        text = json.dumps(card, indent=1, ensure_ascii=False, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")
