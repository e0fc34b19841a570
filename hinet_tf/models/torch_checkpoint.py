"""Official PyTorch checkpoints in, without running code from the file."""

import os
import re
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

import numpy as np

from hinet_tf.files import size_text
from hinet_tf.models.hinet import HINet
from hinet_tf.models.official_layout import assign_official_tensors, check_official_tensors
from hinet_tf.models.weights import without_values

_LEVEL = re.compile(r"down_path_1\.(\d+)\.conv_1\.weight")
# A HINet of five levels takes 28 kB; each byte is an instruction to a slow interpreter.
_LARGEST_INDEX = 2**19
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
    >>> model = load_torch_checkpoint("HINet-GoPro.pth")
    >>> model.hin_levels
    (3, 4)
    """
    tensors = _read_tensors(path)
    arguments = _arguments(tensors, path)
    check_official_tensors(without_values(lambda: HINet(**arguments)), tensors, str(path))
    model = HINet(**arguments)
    if hin_levels is not None and tuple(sorted(set(hin_levels))) != model.hin_levels:
        raise ValueError(
            f"{path} holds normalization at levels {model.hin_levels}. Received: "
            f"hin_levels={tuple(hin_levels)}. Leave `hin_levels` out to take the file's."
        )
    assign_official_tensors(model, tensors)
    return model


def _read_tensors(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    try:
        import torch
    except ImportError as error:
        raise ValueError(
            f"Reading {path} needs PyTorch: pip install 'hinet-tf[torch]' (a CPU build is enough)."
        ) from error
    with open(path, "rb") as file, warnings.catch_warnings():
        # PyTorch's advice on formats that are refused anyway.
        warnings.simplefilter("ignore")
        held = os.fstat(file.fileno()).st_size
        try:
            _check_archive(file, held)
            content = torch.load(file, map_location="cpu", weights_only=True)
        # PyTorch names a damaged file by many types, and one that would run code by one of them.
        except Exception as error:
            raise ValueError(
                f"{path} is not a readable PyTorch checkpoint: {_reason(error)}. Expected: an "
                "official .pth file."
            ) from error
    state = content.get("params", content) if isinstance(content, Mapping) else None
    if (
        not isinstance(state, Mapping)
        or not state
        or not all(isinstance(name, str) for name in state)
        or not all(isinstance(value, torch.Tensor) for value in state.values())
    ):
        found = (
            ", ".join(str(key)[:40] for key in [*content][:4])
            if isinstance(content, Mapping)
            else ""
        )
        raise ValueError(
            f"{path} holds no named tensors (found {found or type(content).__name__}). Expected: "
            '{"params": state_dict} or a state dict.'
        )
    for name, value in state.items():
        if value.layout != torch.strided or value.is_meta or not value.is_floating_point():
            kind = f"{value.layout} {value.dtype} on {value.device}".replace("torch.", "")
            raise ValueError(
                f"{path}: {name[:80]} is {kind}. Expected: plain floating-point tensors; save "
                "model.state_dict() of the model on the CPU."
            )
    # Views of one number, for example, have any shape.
    claimed = sum(value.numel() * value.element_size() for value in state.values())
    if claimed > held:
        raise ValueError(
            f"{path}: its tensors claim {size_text(claimed)} and the file has {size_text(held)}. "
            "Expected: plain tensors, each with its own values."
        )
    return {name: value.detach().float().numpy() for name, value in state.items()}


def _check_archive(file: BinaryIO, held: int) -> None:
    """Refuses an archive that is larger unpacked; PyTorch itself stores tensors as they are."""
    if not zipfile.is_zipfile(file):
        file.seek(0)
        return
    with zipfile.ZipFile(file) as archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
    file.seek(0)
    if sum(sizes.values()) > held:
        raise ValueError(
            f"it claims {size_text(sum(sizes.values()))} and is {size_text(held)} long"
        )
    index = max((size for name, size in sizes.items() if name.endswith("data.pkl")), default=0)
    if index > _LARGEST_INDEX:
        raise ValueError(f"its list of tensors alone takes {size_text(index)}")


def _reason(error: Exception) -> str:
    text = str(error)
    if "weights_only" not in text:
        first = (text.strip().splitlines() or ["it ends too early"])[0]
        return f"it is damaged ({first[:300].rstrip('.')})"
    # Here PyTorch goes on to advise how to run the code all the same.
    named = re.search(r"GLOBAL ([\w.]+)", text)
    if named:
        return f"it names {named[1]}, and code is never run"
    return "it is damaged, or holds more than weights, which is never loaded"


def _arguments(tensors: Mapping[str, np.ndarray], path: Any) -> dict[str, Any]:
    """The arguments of the HINet whose tensors these look like."""
    first = tensors.get("conv_01.weight")
    levels = {int(match[1]) for name in tensors if (match := _LEVEL.fullmatch(name))}
    if first is None or first.ndim != 4 or levels != set(range(len(levels))) or len(levels) < 2:
        found = ", ".join(name[:40] for name in list(tensors)[:4])
        raise ValueError(
            f"{path} is not a checkpoint of HINet: expected conv_01.weight and "
            f"down_path_1.0.conv_1.weight and on; found {found}, ..."
        )
    normalized = {int(match[1]) for name in tensors if (match := _NORMALIZED_LEVEL.fullmatch(name))}
    return {
        "width": first.shape[0],
        "depth": len(levels),
        "hin_levels": normalized,
        "channels": first.shape[1],
        "dtype": "float32",
    }
