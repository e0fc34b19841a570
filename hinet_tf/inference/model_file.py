"""Any trained model by its name: file, folder or preset."""

import os
from pathlib import Path
from typing import Any

from hinet_tf.models import HINet, load_torch_checkpoint, to_local
from hinet_tf.models.presets import is_preset, presets


def open_model(name: str | os.PathLike[str], local: bool = False) -> Any:
    """Opens a model the way every command's `--model` does.

    Args:
        name: A `.keras` file, an official `.pth` checkpoint, a preset's name or directory, a
            SavedModel directory or a `.tflite` file.
        local: Convert to local statistics (TLC); for a `HINet` only.

    Returns:
        A Keras model; or the path, for a SavedModel directory or a `.tflite` file, which an
        engine opens.

    Raises:
        ValueError: If there is no such model, or it cannot be read.
    """
    path = Path(name)
    if path.suffix in (".keras", ".pth", ".pt", ".tflite") and not path.is_file():
        raise ValueError(f"No such model file. Received: {path}.")
    if path.suffix == ".tflite" or (path / "saved_model.pb").is_file():
        if local:
            raise ValueError(
                "An exported model keeps the statistics it was exported with. Received: "
                f"{path}. Use the .keras file for local statistics."
            )
        return path
    if path.suffix in (".pth", ".pt"):
        model = load_torch_checkpoint(path)
    elif path.suffix == ".keras":
        model = _load_keras_file(path)
    else:
        model = _load_preset(str(name))
    return to_local(model) if local else model


def _load_keras_file(path: Path) -> Any:
    import keras

    try:
        return keras.saving.load_model(path, compile=False)
    # Keras names a damaged archive by many types.
    except (ValueError, OSError, KeyError, TypeError, AttributeError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(f"{path} is not a readable .keras file: {reason[0]}") from error


def _load_preset(name: str) -> HINet:
    if is_preset(name):
        return HINet.from_preset(name)
    if Path(name).is_dir():
        raise ValueError(
            f"The directory {name} is neither a SavedModel (no saved_model.pb) nor a preset."
        )
    raise ValueError(
        f"No such model. Received: {name!r}. Expected a .keras, .pth or .tflite file, a "
        f"SavedModel directory, or a preset: {', '.join(presets()) or '(none ships yet)'}."
    )
