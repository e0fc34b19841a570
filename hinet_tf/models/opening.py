"""Any trained model by its name: file, folder or preset."""

import os
from pathlib import Path
from typing import Any

import keras

from hinet_tf.models.hinet import HINet
from hinet_tf.models.keras_2 import refusal
from hinet_tf.models.keras_file import read_keras_file
from hinet_tf.models.local import to_local
from hinet_tf.models.presets import is_preset, presets
from hinet_tf.models.torch_checkpoint import load_torch_checkpoint

_TORCH = (".pth", ".pt")


def open_model(name: str | os.PathLike[str], local: bool = False) -> Any:
    """Opens a model the way every command's `--model` and `--init` do.

    Args:
        name: A `.keras` file, an official `.pth` checkpoint, a preset's name or directory, the
            directory of a training, whose best model is taken, a SavedModel directory or a
            `.tflite` file.
        local: Convert to local statistics (TLC); for a `HINet` only.

    Returns:
        A Keras model; or the path, for a SavedModel directory or a `.tflite` file, which an
        engine opens.

    Raises:
        ValueError: If there is no such model, or it cannot be read.
        OSError: If its file cannot be opened.

    Example:
    >>> open_model("denoise_0.25x").width
    16
    """
    path = Path(name)
    if path.suffix in (".keras", ".tflite", *_TORCH) and not path.is_file():
        what = ", which is a folder" if path.is_dir() else ""
        raise ValueError(f"No such model file. Received: {path}{what}.")
    if path.suffix == ".tflite" or (path / "saved_model.pb").is_file():
        if local:
            raise ValueError(
                "An exported model keeps the statistics it was exported with. Received: "
                f"{path}. Use the .keras file for local statistics."
            )
        return path
    model = _read(path, name)
    return to_local(model) if local else model


def _read(path: Path, name: str | os.PathLike[str]) -> keras.Model:
    if path.suffix in _TORCH:
        return load_torch_checkpoint(path)
    if path.suffix == ".h5" and path.is_file():
        raise ValueError(refusal(path))
    if path.suffix == ".keras":
        return read_keras_file(path)
    if is_preset(name):
        return HINet.from_preset(name)
    if (path / "best.keras").is_file():
        return read_keras_file(path / "best.keras")
    known = f"a preset: {', '.join(presets()) or '(none ships yet)'}"
    if path.is_dir():
        versions = sorted(path.glob("*/saved_model.pb"))
        raise ValueError(
            f"The directory {path} is neither a SavedModel (no saved_model.pb) nor a preset nor a "
            f"training (no best.keras).{f' Use {versions[0].parent}.' if versions else ''}"
        )
    raise ValueError(
        f"No such model. Received: {os.fspath(name)!r}. Expected a .keras, .pth or .tflite file, "
        f"a SavedModel directory, the directory of a training, or {known}."
    )
