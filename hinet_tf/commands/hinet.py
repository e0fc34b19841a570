"""The command `hinet`: finds the subcommand that was asked for and hands over to it.

Only that one is imported, so that `hinet --help` answers at once.
"""

import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from hinet_tf import __version__
from hinet_tf.command_line import EXIT_DONE, EXIT_USAGE, run_command
from hinet_tf.tasks import TASKS


class Command(NamedTuple):
    """A subcommand: its module in `hinet_tf`, and what it does.

    Example:
    >>> COMMANDS["export tflite"].module
    'commands.export_tflite'
    """

    module: str
    summary: str


COMMANDS = {
    "restore": Command("commands.restore", "restores image files and folders"),
    "presets": Command("commands.presets", "lists the trained models in the box"),
    "data check": Command("commands.data", "tells what is wrong with a folder of images"),
    "train": Command("commands.train", "trains a network, or goes on with a training"),
    "train-on-device": Command("commands.train_on_device", "trains on one accelerator with JAX"),
    "evaluate": Command("commands.evaluate", "scores models on test sets"),
    "convert": Command("commands.convert", "brings in official PyTorch weights"),
    "export tflite": Command("commands.export_tflite", "writes a verified .tflite file"),
    "export saved-model": Command("commands.export_saved_model", "writes a SavedModel for serving"),
    "export web": Command("export.web", "writes a page that restores photos in the browser"),
    "export android": Command("export.android", "writes an Android project around a model"),
    "app": Command("commands.app", "shows before and after in the browser, with Gradio"),
    "benchmark": Command("commands.benchmark", "times a model as .tflite in every recipe"),
    "bulk": Command("commands.bulk", "restores millions of files with Apache Beam"),
    "completion": Command("commands.completion", "prints the completion of a shell"),
}


def help_text() -> str:
    """What `hinet --help` prints."""
    from hinet_tf.models.presets.registry import preset_names

    commands = "\n".join(f"  {name:<20}{about.summary}" for name, about in COMMANDS.items())
    names = "\n".join(f"  {name}" for name in preset_names())
    return (
        "usage: hinet COMMAND ...\n\n"
        "HINet image restoration: denoise, deblur, derain, remove JPEG artefacts.\n\n"
        f"commands:\n{commands}\n\n"
        f"trained models in the box, for --model and --init:\n{names}\n\n"
        "options:\n"
        "  -h, --help          also after a command: hinet train --help\n"
        "  --version           the version of this package\n\n"
        "for a start:\n"
        "  hinet restore photo.jpg --out restored.jpg\n"
        "  hinet train --task denoise --data photos --run runs/mine"
    )


def find_command(words: Sequence[str]) -> str | None:
    """The command that the first one or two words name.

    Args:
        words: The command line after `hinet`.

    Returns:
        A key of `COMMANDS`; `None` if there is no such command.

    Example:
    >>> find_command(["export", "tflite", "--fast"])
    'export tflite'
    """
    # `data` has a parser of its own for the word after it.
    named = {"data": "data check"}
    for name in (" ".join(words[:2]), words[0]):
        name = named.get(name, name)
        if name in COMMANDS:
            return name
    return None


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code.

    Args:
        argv: The words after `hinet`; by default those of the process.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    if words and words[0] in ("-h", "--help"):
        return run_command(lambda: print(help_text(), flush=True))
    if words and words[0] in ("-v", "-V", "--version", "version"):
        print(f"hinet-tf {__version__}")
        return EXIT_DONE
    name = find_command(words) if words else None
    if name is None:
        print(f"error: {_not_found(words)}; see hinet --help", file=sys.stderr)
        return EXIT_USAGE
    own_words = 1 if name == "data check" else len(name.split())
    module = f"hinet_tf.{COMMANDS[name].module}"
    # Ctrl-C may come while the command is still imported.
    return run_command(lambda: importlib.import_module(module).main(words[own_words:]))


def _not_found(words: Sequence[str]) -> str:
    if not words:
        return f"no command given, expected one of: {', '.join(COMMANDS)}"
    group = [name for name in COMMANDS if name.startswith(f"{words[0]} ")]
    if group:
        after = f" {words[1]}" if len(words) > 1 else ""
        return (
            f"no such command: hinet {words[0]}{after}, expected hinet {' or hinet '.join(group)}"
        )
    if os.path.exists(words[0]):
        return f"{words[0]} is no command, did you mean hinet restore {words[0]} --out restored?"
    if words[0] in TASKS:
        return (
            f"no such command: hinet {words[0]}, did you mean hinet restore --model PRESET, with "
            f"one of hinet presets, or hinet train --task {words[0]}?"
        )
    close = difflib.get_close_matches(words[0], COMMANDS, 1)
    hint = f"did you mean hinet {close[0]}?" if close else f"expected one of {', '.join(COMMANDS)}"
    return f"no such command: hinet {words[0]}, {hint}"
