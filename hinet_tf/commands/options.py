"""Options that several commands have, and what they mean."""

import argparse
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from hinet_tf.commands.preset_options import check_task, model_details
from hinet_tf.files import atomic_path
from hinet_tf.models.presets.registry import preset_names

_MEMORY_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}

# What each command's `--model` may be.
TRAINED = ".keras or official .pth file"
ANY_MODEL = f"{TRAINED}, SavedModel folder or .tflite"


def add_model_option(parser: Any, kinds: str, **settings: Any) -> None:
    """Adds `--model`, whose help names the presets.

    Args:
        parser: A parser or group of options.
        kinds: What else it may be: `TRAINED` or `ANY_MODEL`.
        **settings: Arguments of `add_argument`, such as `required`.
    """
    names = ", ".join(preset_names())
    default = "; default: %(default)s" if "default" in settings else ""
    parser.add_argument("--model", help=f"{kinds}, or a preset: {names}{default}", **settings)


def add_out_option(parser: Any, metavar: str, meaning: str) -> None:
    """Adds `--out`, also known as `-o` and `--output`.

    Args:
        parser: A parser or group of options.
        metavar: What the help calls its value.
        meaning: Its help.
    """
    parser.add_argument(
        "--out", "-o", "--output", required=True, type=Path, metavar=metavar, help=meaning
    )


def add_json_option(parser: Any, meaning: str) -> None:
    """Adds `--json`, for `write_json`.

    Args:
        parser: A parser or group of options.
        meaning: What is written.
    """
    help_text = f"{meaning} as JSON; - to print"
    parser.add_argument("--json", type=_json_file, metavar="FILE", help=help_text)


def _json_file(text: str) -> Path:
    # A photo that is named by mistake stays.
    if text != "-" and Path(text).suffix != ".json":
        raise argparse.ArgumentTypeError(f"must end in .json, received {text}")
    return Path(text)


def write_json(target: Path, content: Any) -> None:
    """Writes plain data as a file, whole or not at all, or prints it.

    Args:
        target: The file; `-` for the standard output.
        content: Lists, dictionaries, texts and numbers.
    """
    text = json.dumps(content, indent=1, ensure_ascii=False)
    if str(target) == "-":
        print(text)
        return
    with atomic_path(target) as path:
        # The name of a file may be no UTF-8; escaped like this it is JSON.
        path.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def add_quiet_option(parser: argparse.ArgumentParser) -> None:
    """Adds `--quiet`, for `message_console`.

    Args:
        parser: The parser of a command.
    """
    parser.add_argument("--quiet", "-q", action="store_true", help="say nothing but errors")


def message_console(args: argparse.Namespace) -> Console:
    """Where a command says what it does: the standard error, or nowhere with `--quiet`.

    Args:
        args: Parsed options of `add_quiet_option`.
    """
    return Console(stderr=True, highlight=False, quiet=args.quiet)


def add_network_options(parser: Any, local_advice: str) -> None:
    """Adds `--fast` and `--local`.

    Args:
        parser: A parser or group of options.
        local_advice: When to choose local statistics.
    """
    add = parser.add_argument
    add("--fast", action="store_true", help="stop after stage 1: 43 %% of the cost")
    add("--local", action="store_true", help=f"local statistics (TLC), {local_advice}")


def add_restorer_options(parser: Any, memory: str, precision: str = "float32") -> None:
    """Adds what a `Restorer` takes: arithmetic, tiles, self-ensemble.

    Args:
        parser: A parser or group of options.
        memory: Default of `--memory`.
        precision: Default of `--precision`.
    """
    add_network_options(parser, "for large images")
    add = parser.add_argument
    add(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        default=precision,
        help="auto: bfloat16 where it is faster here, within 0.02 dB (default: %(default)s)",
    )
    add("--self-ensemble", action="store_true", help="average over 8 flips and turns; 8x slower")
    add(
        "--tile",
        type=whole_number(1),
        metavar="PIXELS",
        help="side of tiles, a multiple of 16 (default: by --memory)",
    )
    add(
        "--overlap",
        type=whole_number(0),
        metavar="PIXELS",
        help="pixels that tiles share, at most a third of --tile, and by default that, up to 32",
    )
    add("--memory", type=memory_size, default=memory, help=f"for feature maps (default: {memory})")


def restorer_settings(args: argparse.Namespace) -> dict[str, Any]:
    """The values of `add_restorer_options` that `Restorer` and `export_saved_model` both take.

    Args:
        args: Parsed options.
    """
    names = ("precision", "self_ensemble", "tile", "memory")
    overlap = args.overlap
    if overlap is None:
        overlap = 32 if args.tile is None else min(32, args.tile // 3)
    return {name: getattr(args, name) for name in names} | {"overlap": overlap}


def add_engine_option(parser: Any) -> None:
    """Adds `--engine`.

    Args:
        parser: A parser or group of options.
    """
    engines = ("auto", "tensorflow", "litert", "openvino")
    parser.add_argument(
        "--engine",
        choices=engines,
        default="auto",
        help="what computes; auto: the fastest here (default: %(default)s)",
    )


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
        UsageError: If the task is not the preset's, unless `force` is set.
    """
    if args.task:
        check_task(args.model, args.task, args.force)
    named = {"task": args.task, "training_data": args.training_data, "license": args.license}
    return model_details(args.model) | {name: text for name, text in named.items() if text}


def share(text: str) -> float:
    """Reads a number from 0 to 1, for `type=` of an option.

    Args:
        text: What was typed.

    Example:
    >>> share("0.5")
    0.5
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to 1")
    return value


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """Returns what reads a whole number within limits, for `type=` of an option.

    Args:
        least: Smallest value.
        most: Largest value; `None` for no limit.

    Example:
    >>> whole_number(1)("3")
    3
    """
    limits = f"at least {least}" if most is None else f"a whole number from {least} to {most}"

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be a whole number, received {text}") from None
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"must be {limits}, received {text}")
        return value

    return read


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
