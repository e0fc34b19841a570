"""Any trained model by its name: file, folder or preset."""

import os
from pathlib import Path
from typing import Any

from hinet_tf.command_line import UsageError
from hinet_tf.models import HINet, load_torch_checkpoint, to_local
from hinet_tf.models.presets import is_preset, preset_card, presets


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


def model_details(name: str | os.PathLike[str]) -> dict[str, Any]:
    """What is known about the weights of a preset, in the words of the exports' metadata.

    Args:
        name: As in `open_model`.

    Returns:
        `{"task", "training_data", "license", "scores"}`; empty for any other model.

    Raises:
        ValueError: If it is a preset with a damaged card.
    """
    if not is_preset(name):
        return {}
    card = preset_card(name)
    data = ", ".join(f"{entry['name']} ({entry['license']})" for entry in card["training_data"])
    return {
        "task": card["task"],
        "training_data": data,
        "license": card["license"],
        "scores": card["scores"],
    }


def check_task(name: str | os.PathLike[str], task: str, force: bool = False) -> None:
    """Refuses a preset that was trained for another task than the one at hand.

    Args:
        name: As in `open_model`; models other than presets do not say their task and pass.
        task: The task that the user named.
        force: Whether the user insists.

    Raises:
        UsageError: If the tasks differ.
    """
    if force or not is_preset(name):
        return
    trained_for = preset_card(name)["task"]
    if trained_for != task:
        raise UsageError(
            f"{name} is a preset for {trained_for}. Received: --task {task}. Choose a preset "
            "for that task, or insist with --force."
        )


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
