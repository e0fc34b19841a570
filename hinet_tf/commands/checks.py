"""What a command refuses before TensorFlow starts: models, data and places that will not do."""

import argparse
import difflib
import errno
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path

from hinet_tf.command_line import UsageError
from hinet_tf.commands.extras import check_extra, check_hub
from hinet_tf.files import real_path
from hinet_tf.images.image_file import SUFFIXES
from hinet_tf.models.keras_2 import keras_config, refusal, saved_by_keras_2
from hinet_tf.models.presets.registry import is_preset, preset_card, preset_names

# Activations of 8192 x 8192 at width 16 already take 17 GB.
LARGEST_SIDE = 8192

_OFFICIAL_WEIGHTS = "The official weights are linked from https://github.com/megvii-model/HINet."


def check_model(
    name: str, local: bool = False, exported: bool = True, engine: str = "tensorflow"
) -> None:
    """Refuses a model that is not there, or not of a kind that the command takes.

    Args:
        name: The value of `--model`.
        local: Whether `--local` was given, which an exported model does not take.
        exported: Whether a SavedModel or `.tflite` will do.
        engine: The value of `--engine`.

    Raises:
        UsageError: If it is refused.
        ValueError: If it is a damaged `.keras` file.
    """
    path = Path(name)
    if "://" in name:
        check_hub(name)
        return
    if path.suffix in (".keras", ".pth", ".pt", ".tflite") or (
        path.suffix == ".h5" and path.is_file()
    ):
        _check_model_file(path)
    elif not is_preset(name) and not any(
        (path / file).is_file() for file in ("saved_model.pb", "best.keras")
    ):
        raise UsageError(_no_such_model(path))
    is_exported = path.suffix == ".tflite" or (path / "saved_model.pb").is_file()
    if is_exported and not exported:
        raise UsageError(
            f"{name} is exported already; expected the .keras file, official .pth checkpoint or "
            "preset that it was made of."
        )
    if is_exported and local:
        raise UsageError(
            "--local: an exported model keeps the statistics it was exported with. Received: "
            f"{name}. Use the .keras file for local statistics."
        )
    if engine == "litert" and path.suffix != ".tflite":
        raise UsageError(
            f"--engine litert runs .tflite files. Received: --model {name}. Export it first, with "
            "hinet export tflite, or leave --engine out."
        )
    if engine == "openvino":
        check_extra("openvino", "--engine openvino needs OpenVINO", "openvino")


def check_initial_weights(name: str) -> None:
    """Refuses a value of `--init` that no training can start from.

    Args:
        name: A model file, a preset, or a run directory.

    Raises:
        UsageError: If it is none.
    """
    check_hub(name)
    path = Path(name)
    if path.is_dir() and not is_preset(name):
        path = path / "best.keras"
        if not path.is_file():
            raise UsageError(
                f"--init {name}: no weights at {path}; expected a run directory with best.keras."
            )
    if not path.exists() and not is_preset(name) and "://" not in name:
        raise UsageError(
            f"--init {name}: no weights at {path}{_nearest(name)}; expected a .keras model, an "
            "official .pth checkpoint, a run directory with best.keras, or a preset: "
            f"{', '.join(preset_names())}."
        )
    if path.suffix in (".keras", ".pth", ".pt", ".h5"):
        _check_model_file(path)


def check_data(data: str, option: str = "--data") -> None:
    """Refuses data that are not there.

    Args:
        data: `builtin`, folders and `tfds:NAME`, with commas between.
        option: The option that they were named by.

    Raises:
        UsageError: If a folder is missing or holds no image, or TFDS is not installed.
    """
    names = [name.strip() for name in data.split(",") if name.strip()]
    if not names:
        raise UsageError(f"{option} is empty; expected builtin, a folder or tfds:NAME.")
    for name in names:
        if name.startswith("tfds:"):
            check_extra("tensorflow_datasets", f"{option} {name} needs TensorFlow Datasets", "data")
        elif name != "builtin":
            _check_image_folder(Path(name), option)


def _check_image_folder(folder: Path, option: str) -> None:
    """Refuses what is no folder with an image somewhere below it."""
    if not folder.exists():
        raise UsageError(
            f"{option}: {str(folder)!r} is not there; expected builtin, a folder of images or "
            "tfds:NAME."
        )
    if not folder.is_dir():
        raise UsageError(f"{option}: {folder} is a file; expected the folder that holds it.")
    check_readable(folder)
    kinds = (*SUFFIXES, ".mat")
    for _, _, files in os.walk(folder, followlinks=True):
        if any(file.lower().endswith(kinds) for file in files):
            return
    raise UsageError(f"{option}: no usable image ({', '.join(SUFFIXES)}) in the folder {folder}.")


def check_readable(path: Path) -> None:
    """Refuses a file or folder that this user may not read.

    Args:
        path: What is there.

    Raises:
        PermissionError: If it may not be read.
    """
    if not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def check_out_folder(folder: Path, option: str = "--out") -> None:
    """Refuses a folder of results that cannot be one.

    Args:
        folder: The folder; it need not be there yet.
        option: The option that it was named by.

    Raises:
        UsageError: If it or a folder above it is a file, or may not be written to.
    """
    for place in (folder, *folder.parents):
        if place.exists():
            if not place.is_dir():
                raise UsageError(f"{option} {folder}: {place} is a file; expected a folder.")
            if not os.access(place, os.W_OK):
                raise UsageError(
                    f"{option} {folder}: no permission to write to {place}; choose another folder."
                )
            return


def check_apart(folder: Path, data: str, option: str, data_option: str = "--data") -> None:
    """Refuses results among images, some of which they would replace or later be taken for.

    Args:
        folder: The folder of the results.
        data: As of `check_data`, which it has passed.
        option: The option that the folder was named by.
        data_option: The option that the data were named by.

    Raises:
        UsageError: If the folder is one of the data, or lies in one.
    """
    for name in (name.strip() for name in data.split(",")):
        if Path(name).is_dir() and real_path(folder).is_relative_to(real_path(name)):
            raise UsageError(
                f"{option} {folder} is among the images of {data_option} {name}; choose a folder "
                "outside."
            )


def check_out_file(file: Path, suffix: str, overwrite: bool = True, option: str = "--out") -> None:
    """Refuses a file of a result that cannot be written, or not be replaced.

    Args:
        file: The file.
        suffix: What its name must end in.
        overwrite: Whether a file that is there may be replaced.
        option: The option that it was named by.

    Raises:
        UsageError: If it is refused.
    """
    if file.is_dir():
        raise UsageError(
            f"{option} {file} is a folder; expected a file such as {file / ('hinet' + suffix)}."
        )
    if file.suffix != suffix:
        raise UsageError(f"{option} must end in {suffix}. Received: {file}")
    check_out_folder(file.parent, option)
    if file.exists() and not overwrite:
        raise UsageError(f"{file} exists; choose another name or pass --overwrite.")


def check_json_file(file: Path | None) -> None:
    """Refuses a file of `--json` that cannot be written, before the work; `-` is the terminal.

    Args:
        file: The value of the option.

    Raises:
        UsageError: If it is refused.
    """
    if file and str(file) != "-":
        check_out_folder(file.parent, "--json")


def check_tiles(args: argparse.Namespace) -> None:
    """Refuses tiles that the network cannot halve, and an overlap that does not fit them.

    Args:
        args: Parsed options of `add_restorer_options`.

    Raises:
        UsageError: If they are refused.
    """
    if args.tile is not None and args.tile % 16:
        near = max(16, round(args.tile / 16) * 16)
        raise UsageError(f"--tile must be a multiple of 16, such as {near}. Received: {args.tile}")
    if args.tile is not None and (args.overlap or 0) > args.tile // 3:
        raise UsageError(
            f"--overlap {args.overlap} is more than a third of --tile {args.tile}; use at most "
            f"{args.tile // 3}."
        )


def check_sizes(sizes: Iterable[tuple[int, int]], model: str) -> None:
    """Refuses sizes of an export that the model cannot halve as often as it must.

    Args:
        sizes: Heights and widths, the values of `--size`.
        model: The value of `--model`, which `check_model` has passed.

    Raises:
        UsageError: If one is refused.
    """
    multiple = _size_multiple(model)
    for height, width in sizes:
        if any(side % multiple or not multiple <= side <= LARGEST_SIDE for side in (height, width)):
            raise UsageError(
                f"--size: height and width must be multiples of {multiple} from {multiple} to "
                f"{LARGEST_SIDE}. Received: {height}x{width}."
            )


def _size_multiple(model: str) -> int:
    """What a model's heights and widths are multiples of, told without opening it."""
    file = Path(model) / "best.keras" if Path(model).is_dir() else Path(model)
    described = preset_card(model) if is_preset(model) else keras_config(file)
    config = described.get("config")
    depth = config.get("depth") if isinstance(config, dict) else None
    return 2 ** (depth - 1) if isinstance(depth, int) and depth in range(1, 17) else 1


def _check_model_file(path: Path) -> None:
    official = path.suffix in (".pth", ".pt")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; expected a {path.suffix} file.")
    if not path.is_file():
        raise UsageError(
            f"No such model file. Received: {path}.{f' {_OFFICIAL_WEIGHTS}' if official else ''}"
        )
    check_readable(path)
    if official:
        check_extra("torch", f"{path} needs PyTorch to be read", "torch")
    if path.suffix == ".h5" or (path.suffix == ".keras" and saved_by_keras_2(path)):
        raise UsageError(refusal(path))
    if path.suffix == ".keras" and not zipfile.is_zipfile(path):
        raise ValueError(
            f"{path} is not a readable .keras file: it is cut off or something else. Copy it again."
        )


def _no_such_model(path: Path) -> str:
    if path.is_dir():
        versions = sorted(path.glob("*/saved_model.pb"))
        return (
            f"The directory {path} is neither a SavedModel (no saved_model.pb) nor a training (no "
            f"best.keras) nor a preset.{f' Use {versions[0].parent}.' if versions else ''}"
        )
    if path.is_file():
        return (
            f"{path} is no model by its name. Expected a .keras, .pth or .tflite file, a "
            "SavedModel directory or a preset."
        )
    return (
        f"No such model. Received: {str(path)!r}{_nearest(str(path))}. Expected a .keras, .pth or "
        ".tflite file, a SavedModel directory, the directory of a training, or a preset: "
        f"{', '.join(preset_names())}."
    )


def _nearest(name: str) -> str:
    close = difflib.get_close_matches(name, preset_names(), 1, 0.5)
    return f", did you mean {close[0]}" if close else ""
