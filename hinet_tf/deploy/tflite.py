"""From a trained model to a verified .tflite file."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hinet_tf.deploy.deployable_graph import deployable_graph
from hinet_tf.deploy.quantization_recipe import get_quantization_recipe
from hinet_tf.deploy.tflite_conversion import IMAGE_TYPES, convert
from hinet_tf.deploy.tflite_gates import run_gates
from hinet_tf.deploy.tflite_report import TFLiteReport
from hinet_tf.files import atomic_path
from hinet_tf.models import HINet

# Longest side of a signature; activations of 8192 x 8192 at width 16 already take 17 GB.
_LARGEST = 8192


def export_tflite(
    model: HINet,
    path: str | os.PathLike[str],
    sizes: Sequence[tuple[int, int]] = ((256, 256),),
    quantization: str = "float16",
    *,
    output: str = "restored",
    image_type: str = "float32",
    max_drop: float | None = None,
    photos: str = "builtin",
    overwrite: bool = False,
    force: bool = False,
) -> TFLiteReport:
    """Writes a `.tflite` file that provably restores as well as the trained model.

    The network is rewritten for devices (see `deployable_graph`), converted, and then run
    against the Keras model on real photos; a file that fails a check is not written.

    Args:
        model: A trained `HINet`.
        path: The file to write.
        sizes: `(height, width)` of each signature, multiples of `model.size_multiple`.
        quantization: A name in `QUANTIZATION_RECIPES`.
        output: `"restored"`, or `"stage1"` for the faster first stage.
        image_type: `"float32"` in [0, 1] or `"uint8"`, for input and output.
        max_drop: Restored PSNR in decibels that may be lost; by default the recipe's.
        photos: What to verify on: `"builtin"`, a folder of clean photos, or a paired folder
            (see `hinet_tf.data.open_sources`).
        overwrite: Whether an existing file may be replaced.
        force: Whether to write the file even if a check fails.

    Returns:
        The report of all checks.

    Raises:
        ValueError: If an argument is out of range or a check fails.
        FileExistsError: If the file exists and `overwrite` is not set.

    Example:
    >>> report = hinet_tf.export_tflite(model, "denoise.tflite")  # doctest: +SKIP
    """
    recipe = get_quantization_recipe(quantization)
    max_drop = recipe.max_drop if max_drop is None else max_drop
    if not isinstance(model, HINet):
        raise ValueError(f"Only a hinet_tf.HINet can be exported. Received: {type(model).__name__}")
    sizes = _validated_sizes(sizes, model.size_multiple)
    if image_type not in IMAGE_TYPES:
        raise ValueError(f"`image_type` must be one of {IMAGE_TYPES}. Received: {image_type!r}")
    path = Path(path)
    _check_target(path, overwrite, model.count_params() * recipe.weight_bytes)

    graph = deployable_graph(model, output, largest_side=max(map(max, sizes)))
    content = convert(graph, sizes, image_type, None if quantization == "float32" else quantization)
    report = run_gates(content, model, sizes, recipe, output, max_drop, photos)
    if report.failed and not force:
        raise ValueError(
            f"{path} was not written, because the export fails {len(report.failed)} of "
            f"{len(report.checks)} checks: "
            + "; ".join(f"{c.name}: {c.measured}, required {c.required}" for c in report.failed)
        )
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
    return report


def _validated_sizes(sizes: Any, multiple: int) -> list[tuple[int, int]]:
    sizes = list(dict.fromkeys((int(height), int(width)) for height, width in sizes))
    if not sizes:
        raise ValueError("`sizes` is empty; expected at least one (height, width).")
    for size in sizes:
        if any(side % multiple or not multiple <= side <= _LARGEST for side in size):
            raise ValueError(
                f"Height and width must be multiples of {multiple} from {multiple} to {_LARGEST}. "
                "Received: size={}x{}.".format(*size)
            )
    return sizes


def _check_target(path: Path, overwrite: bool, expected_bytes: int) -> None:
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists; pass overwrite to replace it.")
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    # Twice: the old and the new file, or the file and its reports.
    if free < 2 * expected_bytes:
        raise OSError(
            f"Writing {path} needs {2 * expected_bytes / 1e6:.0f} MB of disk; {folder} has "
            f"{free / 1e6:.0f} MB free. Free some, or write to another disk."
        )
