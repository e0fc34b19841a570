"""From a trained model to a verified .tflite file."""

import contextlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hinet_tf.deploy.graph.rewrite import check_exportable, deployable_graph
from hinet_tf.deploy.tflite.arm64 import arm64_emulator
from hinet_tf.deploy.tflite.conversion import IMAGE_TYPES
from hinet_tf.deploy.tflite.integer_quantizer import require_quantizer
from hinet_tf.deploy.tflite.metadata import add_metadata, metadata
from hinet_tf.deploy.tflite.quantization import prepared, quantized
from hinet_tf.deploy.tflite.recipes import get_quantization_recipe
from hinet_tf.deploy.tflite.report import TFLiteReport
from hinet_tf.deploy.tflite.verification import Verification
from hinet_tf.deploy.tflite.verification_photos import verification_pairs
from hinet_tf.files import atomic_path
from hinet_tf.models import HINet
from hinet_tf.models.weights import check_finite_weights

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
    calibration: str = "builtin",
    details: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    force: bool = False,
    on_progress: Callable[..., None] = lambda message, done=None: None,
) -> TFLiteReport:
    """Writes a `.tflite` file that provably restores as well as the trained model.

    The network is rewritten for devices (see `deployable_graph`), converted, quantized, and then
    run against the Keras model, computing in float32, on real photos and extreme images. A file
    that fails a check is not written. Beside `name.tflite` lie `name.json` and `name.html`, the
    report.

    Where activations have 8 bits, channels that share a range are first brought to like size (see
    `hinet_tf.models.equalization`). `quantization="int8"` searches its own recipe: it keeps as
    many blocks in float as `max_drop` demands, and the report says which.

    Args:
        model: A trained `HINet`.
        path: The file to write, ending in `.tflite`.
        sizes: `(height, width)` of each signature, multiples of `model.size_multiple`. All share
            one copy of the weights.
        quantization: A name in `QUANTIZATION_RECIPES`.
        output: `"restored"`, or `"stage1"` for the first stage's image at 43 % of the cost.
        image_type: `"float32"` in [0, 1] or `"uint8"`, for input and output.
        max_drop: Restored PSNR in decibels that may be lost; by default the recipe's.
        photos: What to verify on: `"builtin"`, a folder of clean photos (white noise of sigma
            25 is added) or a paired folder; see `hinet_tf.data.open_sources`.
        calibration: The same for the activations of `int8_dynamic`, `int8` and `int16x8`; its
            training split.
        details: `task`, `training_data`, `license` and `scores` of the weights, for the
            metadata.
        overwrite: Whether an existing file may be replaced.
        force: Whether to write the file even if a check fails.
        on_progress: Called with a line for each part of the work and, in the search of `int8`,
            with the finished part of it, 0 to 1.

    Returns:
        The report.

    Raises:
        ValueError: If an argument is out of range, the model is no trained HINet, no photo is
            usable, or a check fails.
        FileExistsError: If the file exists and `overwrite` is not set.
        OSError: If the disk is too small.

    Example:
    >>> model = HINet(width=4, depth=2)
    >>> hinet_tf.export_tflite(model, "denoise.tflite", sizes=[(32, 32)]).failed
    []
    """
    recipe = get_quantization_recipe(quantization)
    sizes = _validated(model, sizes, output, image_type)
    if recipe.needs_quantizer:
        require_quantizer()
    emulator = arm64_emulator()
    path = Path(path)
    _check_target(path, overwrite, model.count_params() * recipe.weight_bytes)
    pairs = verification_pairs(photos, model.channels)

    on_progress("Rewriting the network")
    source = prepared(model, recipe, sizes[0], calibration)
    graph = deployable_graph(source, output, max(max(size) for size in sizes))
    # The file computes in float32, whatever policy the model was trained under.
    is_float32 = model.dtype_policy.name == "float32"
    verification = Verification(
        model=model if is_float32 else model.rebuilt(dtype="float32"),
        output=output,
        sizes=sizes,
        image_type=image_type,
        pairs=pairs,
        recipe=recipe,
        max_drop=recipe.max_drop if max_drop is None else max_drop,
        local=any(getattr(layer, "norm", None) == "local" for layer in graph.layers),
        weights=graph.count_params(),
        emulator=emulator,
    )
    content, search = quantized(source, graph, verification, calibration, on_progress)

    on_progress("Verifying")
    about = metadata(content, model, sizes, recipe.name, output, image_type, details or {})
    content = add_metadata(content, about)
    agreements = verification.agreements(content)
    checks = verification.checks(content, agreements)
    report = TFLiteReport(about, tuple(checks), tuple(agreements), verification.max_drop, search)
    if report.failed and not force:
        failures = "; ".join(f"{c.name}: {c.measured}, {c.required}" for c in report.failed)
        raise ValueError(
            f"{path} was not written, because {len(report.failed)} of {len(checks)} checks fail "
            f"({failures}). Choose another recipe, allow more with max_drop, or force it."
        )
    _write(path, content, report)
    return report


def _validated(model: Any, sizes: Any, output: str, image_type: str) -> list[tuple[int, int]]:
    check_exportable(model, output)
    if model.channels not in (1, 3):
        raise ValueError(
            "A file is verified on RGB or gray photos. Received: a model of images with "
            f"{model.channels} channels. `deployable_graph` gives what a converter takes."
        )
    check_finite_weights(model)
    if image_type not in IMAGE_TYPES:
        raise ValueError(f"`image_type` must be one of {IMAGE_TYPES}. Received: {image_type!r}")
    sizes = list(dict.fromkeys((int(height), int(width)) for height, width in sizes))
    if not sizes:
        raise ValueError("`sizes` is empty; expected at least one (height, width).")
    multiple = model.size_multiple
    for height, width in sizes:
        if any(side % multiple or not multiple <= side <= _LARGEST for side in (height, width)):
            raise ValueError(
                f"Height and width must be multiples of {multiple} from {multiple} to {_LARGEST}. "
                f"Received: {height}x{width}."
            )
    return sizes


def _check_target(path: Path, overwrite: bool, expected_bytes: int) -> None:
    if path.suffix != ".tflite":
        raise ValueError(f"The file must end in .tflite. Received: {path}")
    for target in (path, *_reports(path)):
        if target.exists() and not overwrite:
            raise FileExistsError(f"{target} exists; choose another name or overwrite it.")
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    if free < expected_bytes:
        raise OSError(
            f"{path} needs {expected_bytes / 1e6:.0f} MB of disk; {folder} has "
            f"{free / 1e6:.0f} MB free. Free some, or write to another disk."
        )


def _reports(path: Path) -> tuple[Path, Path]:
    return path.with_suffix(".json"), path.with_suffix(".html")


def _write(path: Path, content: bytes, report: TFLiteReport) -> None:
    """Writes the file and its reports: where there is a file, there is its evidence."""
    json, html = _reports(path)
    with contextlib.ExitStack() as stack:
        # All are on disk before the first is replaced; the last one opened is replaced first.
        for target, data in (
            (path, content),
            (json, report.to_json().encode()),
            (html, report.to_html(path.name).encode()),
        ):
            stack.enter_context(atomic_path(target)).write_bytes(data)
