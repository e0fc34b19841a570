"""What a command does with the card of the preset that it was given."""

import os
from typing import Any

from hinet_tf.command_line import UsageError
from hinet_tf.models.presets import is_preset, preset_card


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
        "training_data": data or "unknown",
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
    if trained_for not in (task, "unknown"):
        raise UsageError(
            f"{name} is a preset for {trained_for}. Received: --task {task}. Choose a preset "
            "for that task, or insist with --force."
        )
