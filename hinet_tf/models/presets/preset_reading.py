"""The two files of a preset as plain data: neither Keras nor TensorFlow is needed."""

import hashlib
import io
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from hinet_tf.files import size_text
from hinet_tf.models.presets.registry import REMEDY, read_card, weights_path


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
    try:
        if file.suffix == ".npz":
            tensors = _read_arrays(content)
        else:
            # Late: what trains and restores with the presets of this package does without it.
            from safetensors.numpy import load

            tensors = load(content)
        for name, value in tensors.items():
            if value.dtype.kind != "f":
                raise ValueError(f"{name} holds {value.dtype} instead of floating-point numbers")
        return card, tensors
    # What a file makes its reader raise is of many types, and the file's fault.
    except Exception as error:
        raise ValueError(f"{file} is no readable {file.suffix} file ({error}). {REMEDY}") from error


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
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)
