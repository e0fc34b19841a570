"""The two files of a preset: reading and writing."""

import hashlib
import io
import json
import math
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from hinet_tf.files import atomic_path
from hinet_tf.models.claims import size_text, without_values
from hinet_tf.models.official_layout import (
    assign_official_tensors,
    check_official_tensors,
    official_tensors,
)
from hinet_tf.models.presets.registry import REMEDY, card_path, read_card, weights_path
from hinet_tf.models.presets.safetensors_file import parse_safetensors


def load_preset(name_or_dir: str | os.PathLike[str], model_class: type[Any], **changes: Any) -> Any:
    """Builds the model of a preset; see `HINet.from_preset`."""
    path = card_path(name_or_dir)
    card, tensors = read_preset(path)
    source = str(weights_path(path))

    def build() -> Any:
        return model_class.from_config({**card["config"], **changes})

    try:
        network = without_values(build)
    # Whatever Keras makes of a config that is none.
    except Exception as error:
        reason = str(error).rstrip(".")
        raise ValueError(f"{path} describes no HINet: {reason}. {REMEDY}") from error
    check_official_tensors(network, tensors, source)
    model = build()
    values = {name: value.astype(np.float32) for name, value in tensors.items()}
    assign_official_tensors(model, values, source)
    return model


def read_preset(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Reads a card and the weights it vouches for.

    Args:
        path: The card, `NAME.json` beside `NAME.npz`, or `config.json` beside
            `model.safetensors`.

    Returns:
        The card, and official name -> float16 or float32 array in PyTorch's layout.

    Raises:
        ValueError: If the weights are missing, not those of the card, or claim to be larger than
            the file.
    """
    card, file = read_card(path), weights_path(path)
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise ValueError(f"{file}, the weights of {path.stem}, is not there. {REMEDY}") from None
    found = hashlib.sha256(content).hexdigest()
    if found != card["sha256"]:
        raise ValueError(
            f"{file} is damaged: its SHA-256 is {found}, expected {card['sha256']}. {REMEDY}"
        )
    if file.suffix == ".safetensors":
        try:
            return card, parse_safetensors(content)
        except ValueError as error:
            raise ValueError(f"{file} is no readable file: {error}. {REMEDY}") from error
    try:
        return card, _read_arrays(content)
    # What a file makes zipfile and NumPy raise is of many types, and the file's fault.
    except Exception as error:
        raise ValueError(f"{file} is no readable .npz file ({error}). {REMEDY}") from error


def _read_arrays(content: bytes) -> dict[str, np.ndarray]:
    """Reads an `.npz` file of uncompressed arrays in no more memory than it takes itself."""
    arrays = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        claimed = sum(member.file_size for member in archive.infolist())
        if claimed > len(content):
            raise ValueError(
                f"it claims {size_text(claimed)} of arrays and has {size_text(len(content))}"
            )
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            arrays[name] = _read_array(name, archive.read(member))
    return arrays


def _read_array(name: str, content: bytes) -> np.ndarray:
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, _, dtype = read_header(file)
    claimed, held = math.prod(shape) * dtype.itemsize, len(content) - file.tell()
    if claimed != held:
        raise ValueError(f"{name} claims {size_text(claimed)} and has {size_text(held)}")
    if dtype.kind != "f":
        raise ValueError(f"{name} holds {dtype} instead of floating-point numbers")
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)


def write_preset(folder: Path, card: Mapping[str, Any], model: keras.Model) -> Path:
    """Writes weights and card; the same weights give the same file, byte for byte.

    Args:
        folder: Where to.
        card: The card; its `sha256` is filled in.
        model: The `HINet` that holds the weights.

    Returns:
        The path of the card.

    Raises:
        ValueError: If a weight is not finite in float16.
    """
    tensors = {}
    for tensor in official_tensors(model):
        value = keras.ops.convert_to_numpy(tensor.variable.value)
        # Overflow is what is looked for; it needs no warning besides.
        with np.errstate(over="ignore"):
            tensors[tensor.name] = tensor.to_official(value).astype(np.float16)
        if not np.isfinite(tensors[tensor.name]).all():
            raise ValueError(
                f"{tensor.name} does not fit into float16: values up to {np.abs(value).max():g}. "
                "The training went wrong; weights of a trained network are far below 65504."
            )
    file = folder / f"{card['name']}.npz"
    with atomic_path(file) as temporary:
        np.savez(temporary, **tensors)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return write_card(folder, {**card, "sha256": digest})


def write_card(folder: Path, card: Mapping[str, Any]) -> Path:
    """Writes a card.

    Args:
        folder: Where to.
        card: The card.

    Returns:
        Its path.
    """
    path = folder / f"{card['name']}.json"
    with atomic_path(path) as temporary:
        text = json.dumps(card, indent=1, ensure_ascii=False, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")
    return path
