"""What the export commands have in common: options, what is known of the weights, progress."""

import argparse
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

_MEMORY_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}


def add_network_options(parser: argparse.ArgumentParser, local_advice: str) -> None:
    """Adds `--model`, `--fast` and `--local`.

    Args:
        parser: The parser of a command.
        local_advice: When to choose local statistics.
    """
    add = parser.add_argument
    add("--model", required=True, help=".keras, preset or official .pth")
    add("--fast", action="store_true", help="stop after stage 1: 43 %% of the cost")
    add("--local", action="store_true", help=f"local statistics (TLC), {local_advice}")


def add_weights_options(parser: argparse.ArgumentParser, title: str) -> None:
    """Adds what only the owner of the weights knows: `--task`, `--training-data`, `--license`.

    Args:
        parser: The parser of a command.
        title: Title of the options' group in the help.
    """
    about = parser.add_argument_group(title)
    about.add_argument("--task", help="such as denoise (these three: default, the preset's own)")
    about.add_argument("--training-data", help="what the weights were trained on")
    about.add_argument("--license", help="licence of the weights")


def weights_details(args: argparse.Namespace) -> dict[str, Any]:
    """What a preset says of its weights, and over it the values of `add_weights_options`.

    Args:
        args: Parsed options, `model` and `force` among them.

    Raises:
        ValueError: If the task is not the preset's, unless `force` is set.
    """
    # Late, so that a wrong command is answered at once.
    from hinet_tf.commands.preset_options import check_task, model_details

    if args.task:
        check_task(args.model, args.task, args.force)
    named = {"task": args.task, "training_data": args.training_data, "license": args.license}
    return model_details(args.model) | {name: text for name, text in named.items() if text}


def image_size(text: str) -> tuple[int, int]:
    """Reads height and width, for `type=` of an option.

    Raises:
        argparse.ArgumentTypeError: If the text has another form.

    Example:
    >>> image_size("720x1280")
    (720, 1280)
    """
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; expected HxW such as 256x256")
    return int(match[1]), int(match[2])


def memory_size(text: str) -> int:
    """Reads a size such as `2G`, `512M` or `1.5GB` as bytes.

    Args:
        text: A number and an optional unit of K, M or G.

    Returns:
        The number of bytes.

    Raises:
        argparse.ArgumentTypeError: If it is not such a size, for use as an argument's `type`.

    Example:
    >>> memory_size("512M")
    536870912
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if not match or float(match[1]) == 0:
        raise argparse.ArgumentTypeError(f"expected a size such as 2G or 512M, received {text!r}")
    return int(float(match[1]) * _MEMORY_UNITS[match[2].upper()])


@contextmanager
def shown_progress(console: Console) -> Iterator[Callable[[str], None]]:
    """Yields what shows a line of progress: in place on a terminal, else one after another.

    Args:
        console: Where it is shown.
    """
    with console.status("Loading TensorFlow") as status:

        def show(message: str) -> None:
            status.update(message)
            if not console.is_terminal:
                console.print(message, markup=False)

        yield show
