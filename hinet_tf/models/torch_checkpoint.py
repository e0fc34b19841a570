"""Official PyTorch checkpoints in, without running code from the file."""

import os
import pickle
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from hinet_tf.models.hinet import HINet
from hinet_tf.models.official_layout import assign_official_tensors

_LEVEL = re.compile(r"down_path_1\.(\d+)\.conv_1\.weight")
_NORMALIZED_LEVEL = re.compile(r"down_path_1\.(\d+)\.norm\.weight")


def load_torch_checkpoint(
    path: str | os.PathLike[str], hin_levels: Iterable[int] | None = None
) -> HINet:
    """Builds a `HINet` from an official `.pth` file.

    Width, depth, normalized levels and channels are read off the tensors. The file is read with
    PyTorch's `weights_only` loading, which refuses anything but tensors and plain containers.

    Args:
        path: A checkpoint of the form `{"params": state_dict}`, or a bare state dict.
        hin_levels: Levels that must carry normalization, as a check; `None` accepts what the
            file holds.

    Returns:
        The model in float32, holding every tensor of the file.

    Raises:
        ValueError: If PyTorch is not installed, the file is damaged or holds something else
            than weights, or its tensors are not exactly those of a HINet; the message names
            the culprits.
        OSError: If the file cannot be read.

    Example:
    >>> model = load_torch_checkpoint("HINet-GoPro.pth")  # doctest: +SKIP
    >>> model.hin_levels  # doctest: +SKIP
    (3, 4)
    """
    tensors = _read_tensors(path)
    model = _matching_model(tensors, path)
    if hin_levels is not None and tuple(sorted(set(hin_levels))) != model.hin_levels:
        raise ValueError(
            f"{path} holds normalization at levels {model.hin_levels}. Received: "
            f"hin_levels={tuple(hin_levels)}. Leave `hin_levels` out to take the file's."
        )
    assign_official_tensors(model, tensors, source=str(path))
    return model


def _read_tensors(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    try:
        import torch
    except ImportError as error:
        raise ValueError(
            f"Reading {path} needs PyTorch: pip install 'hinet-tf[torch]' (a CPU build is enough)."
        ) from error
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    # PyTorch names a damaged file by many types, and one that would run code by UnpicklingError.
    except (RuntimeError, EOFError, KeyError, ValueError, pickle.UnpicklingError) as error:
        reason = str(error).strip().splitlines() or ["the file ends too early"]
        raise ValueError(
            f"{path} is not a readable PyTorch checkpoint: it is damaged, or holds more than "
            f"weights, which is never loaded ({reason[0]}). Expected: an official .pth file."
        ) from error
    state = content.get("params", content) if isinstance(content, dict) else None
    if not state or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ValueError(
            f'{path} holds no named tensors. Expected: {{"params": state_dict}} or a state dict.'
        )
    return {name: value.float().numpy() for name, value in state.items()}


def _matching_model(tensors: Mapping[str, np.ndarray], path: Any) -> HINet:
    first = tensors.get("conv_01.weight")
    levels = {int(match[1]) for name in tensors if (match := _LEVEL.fullmatch(name))}
    if first is None or first.ndim != 4 or levels != set(range(len(levels))) or len(levels) < 2:
        raise ValueError(
            f"{path} is not a checkpoint of HINet: expected conv_01.weight and "
            f"down_path_1.0.conv_1.weight and on; found {', '.join(list(tensors)[:4])}, ..."
        )
    normalized = {int(match[1]) for name in tensors if (match := _NORMALIZED_LEVEL.fullmatch(name))}
    return HINet(
        width=first.shape[0],
        depth=len(levels),
        hin_levels=normalized,
        channels=first.shape[1],
        dtype="float32",
    )
