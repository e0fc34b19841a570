"""How a preset was made, read off the run directories of its trainings."""

import dataclasses
import itertools
import shlex
import subprocess
from pathlib import Path
from typing import Any

from hinet_tf.data import open_sources
from hinet_tf.engine.json_log import JsonLog
from hinet_tf.models.presets import is_preset, preset_card
from hinet_tf.tasks import Recipe, get_recipe

# Two events of a run further apart than this lie on both sides of an interruption.
_PAUSE = 1800
_PROGRAM = "training/train.py"


def read_run(
    directory: Path,
    hardware: str,
    commit: str | None = None,
    hours: float | None = None,
    program: str | None = None,
) -> dict[str, Any]:
    """Collects what one training did.

    Args:
        directory: The run directory.
        hardware: What it ran on, in words.
        commit: The commit it ran at; `None` for the last one before it began.
        hours: How long it took; `None` to add up the times of its log.
        program: What trained; `None` for training/train.py.

    Returns:
        `{"command", "recipe", "steps", "seed", "images", "hours", "hardware", "commit"}`;
        `steps` are those done, which an early end makes fewer than the recipe's.

    Raises:
        ValueError: If the directory holds no training, or nothing says how long it took.
    """
    config = directory / "config.json"
    if not config.is_file():
        raise ValueError(f"{directory} is no run directory: it holds no config.json.")
    recipe = Recipe.from_json(config.read_text())
    done = max((record["step"] for record in records(directory)), default=0)
    if not done:
        raise ValueError(f"{directory} has not trained yet: its log.jsonl holds no step.")
    times = _event_times(directory)
    if hours is None:
        if not times:
            raise ValueError(f"{directory} does not say how long it took; name the hours.")
        gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
        hours = sum(gap for gap in gaps if gap < _PAUSE) / 3600
    return {
        "command": command_of(recipe, directory, program or _PROGRAM),
        "recipe": dataclasses.asdict(recipe),
        "steps": done,
        "seed": recipe.seed,
        "images": {
            part: sum(len(source) for source in open_sources(part, "train"))
            for part in recipe.data.split(",")
        },
        "hours": round(hours, 2),
        "hardware": hardware,
        "commit": commit or _commit_before(times[0] if times else None),
    }


def records(directory: Path) -> list[dict[str, Any]]:
    """The records of a run's log."""
    return JsonLog(directory / "log.jsonl").records()


def command_of(recipe: Recipe, directory: Path, program: str = _PROGRAM) -> str:
    """The command that trains a recipe: every key that differs from the task's own."""
    usual = dataclasses.asdict(get_recipe(recipe.task))
    # Always with --data: without, train.py starts from the quick recipe.
    words = ["python", program, "--task", recipe.task, "--data", recipe.data]
    for key, value in dataclasses.asdict(recipe).items():
        if key not in ("task", "data") and value != usual[key]:
            words += ["--set", f"{key}={_text(value)}"]
    if recipe.init and is_preset(recipe.init) and preset_card(recipe.init)["task"] != recipe.task:
        words.append("--force")
    return shlex.join([*words, "--run", str(directory)])


def _text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ",".join(_text(part) for part in value)
    return "none" if value is None else str(value)


def _event_times(directory: Path) -> list[float]:
    """When the run wrote to its TensorBoard log, in seconds."""
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
    from tensorboard.compat.proto.event_pb2 import Event

    times = []
    for file in sorted((directory / "tensorboard").rglob("events.*")):
        for content in RawEventFileLoader(str(file)).Load():
            times.append(Event.FromString(content).wall_time)
    return sorted(times)


def _commit_before(time: float | None) -> str:
    """The last commit before a time, or of all; "unknown" outside a checkout."""
    until = [f"--until=@{int(time)}"] if time else []
    command = ["git", "log", "-1", "--format=%H", *until]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return result.stdout.strip() or "unknown"
