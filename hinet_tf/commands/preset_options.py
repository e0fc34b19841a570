"""What is known about the model that a command was given."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hinet_tf.command_line import UsageError
from hinet_tf.engine.json_log import JsonLog
from hinet_tf.engine.progress import best_validation
from hinet_tf.models.presets import is_preset, preset_card
from hinet_tf.tasks import Recipe


def model_details(name: str | os.PathLike[str]) -> dict[str, Any]:
    """What is known about the weights of a preset or a training, as the exports' metadata say it.

    Args:
        name: As in `open_model`.

    Returns:
        `{"task", "training_data", "license", "scores"}`; empty for any other model.

    Raises:
        ValueError: If it is a preset with a damaged card, or a training with a damaged recipe.
    """
    if is_preset(name):
        return _of_preset(preset_card(name))
    model = Path(name)
    model = model / "best.keras" if model.is_dir() else model
    config = model.with_name("config.json")
    if model.name in ("best.keras", "last.keras") and config.is_file():
        records = JsonLog(model.with_name("log.jsonl")).records()
        validations = [record for record in records if record["kind"] == "validation"]
        if validations:
            of_best = model.name == "best.keras"
            scored = best_validation(validations) if of_best else validations[-1]
            return _of_training(Recipe.from_json(config.read_text()), scored)
    return {}


def _of_preset(card: Mapping[str, Any]) -> dict[str, Any]:
    data = ", ".join(f"{entry['name']} ({entry['license']})" for entry in card["training_data"])
    return {
        "task": card["task"],
        "training_data": data or "unknown",
        "license": card["license"],
        "scores": card["scores"],
    }


def _of_training(recipe: Recipe, scored: Mapping[str, Any]) -> dict[str, Any]:
    start = f", from the weights of {recipe.init}" if recipe.init else ""
    return {
        "task": recipe.task,
        "training_data": f"{recipe.data}{start}",
        "license": recipe.license or "unknown",
        "scores": {
            "step": scored["step"],
            "validation_psnr": scored["psnr"],
            "input_psnr": scored["degraded_psnr"],
        },
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
    if trained_for not in (task, "unknown"):
        raise UsageError(
            f"{name} is a preset for {trained_for}. Received: --task {task}. Choose a preset "
            "for that task, or insist with --force."
        )
