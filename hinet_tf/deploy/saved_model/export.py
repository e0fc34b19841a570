"""From a trained model to a version directory that TensorFlow Serving loads."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf

from hinet_tf.deploy.graph.rewrite import check_exportable
from hinet_tf.deploy.saved_model.checks import check_saved_model, warm_up_requests
from hinet_tf.deploy.saved_model.manifest import write_manifest
from hinet_tf.deploy.saved_model.signatures import ServingModule
from hinet_tf.deploy.saved_model.tiling import TiledRestoration
from hinet_tf.deploy.saved_model.warm_up import can_write_warm_up, write_warm_up
from hinet_tf.files import atomic_path
from hinet_tf.inference import Restorer
from hinet_tf.inference.engines.restoring_function import restoring_function
from hinet_tf.inference.engines.selection import chosen_precision
from hinet_tf.inference.saved_model_manifest import SavedModelOptions
from hinet_tf.models import HINet

# 7680 x 4320, the largest video format, fits; it takes 0.9 GB at 8 bits, 1.4 GB at 16 bits.
MAX_PIXELS = 2**25


class SavedModelReport(NamedTuple):
    """Where a SavedModel was written, and what it says about itself.

    Args:
        path: The version directory.
        manifest: The content of its manifest, the checks among it.

    Example:
    >>> SavedModelReport(Path("models/denoise/1"), {}).path.name
    '1'
    """

    path: Path
    manifest: dict[str, Any]


def export_saved_model(
    model: HINet,
    directory: str | os.PathLike[str],
    version: int = 1,
    *,
    output: str = "restored",
    precision: str = "float32",
    tile: int | None = None,
    overlap: int = 32,
    self_ensemble: bool = False,
    memory: int = 2**30,
    max_pixels: int = MAX_PIXELS,
    jpeg_quality: int | None = None,
    webp: bool = True,
    details: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    on_progress: Callable[[str], None] = lambda message: None,
) -> SavedModelReport:
    """Writes `directory/version`, a SavedModel that takes image files of any size.

    Three signatures: `serving_default` from PNG, JPEG, WebP or BMP files (`image_bytes`) to
    restored files (`restored_bytes`) and, where one is refused, the reason (`error`);
    `restore_float` and `restore_uint8` from batches of pixels to pixels. Padding, tiling and
    rounding happen in the graph and equal `Restorer` with the same options to the last bit.
    Nothing but TensorFlow is needed to load it.

    The result is loaded and compared with `Restorer` before it takes its place.

    Args:
        model: A trained `HINet`; from `to_local` for local statistics.
        directory: Folder of all versions of this model, such as `models/denoise`.
        version: Positive integer; a server takes the highest.
        output: `"restored"`, or `"stage1"` for the first stage's image at 43 % of the cost.
        precision: `"float32"`, `"bfloat16"`, or `"auto"` for the faster of them on this machine.
        tile: Side of square tiles, a multiple of 16; `None` to choose by `memory`.
        overlap: Pixels that neighbouring tiles share.
        self_ensemble: Average over the 8 flips and quarter turns; 8 times the cost.
        memory: Memory for the network's feature maps in bytes, for `tile=None`.
        max_pixels: Larger images are refused by their header, before they are decoded.
        jpeg_quality: Answer with JPEG of this quality, 1 to 100, 8 bits, without alpha; `None`
            for PNG of the depth and channels received.
        webp: Whether to take WebP. A server older than TensorFlow's operation for it,
            `DecodeWebP`, refuses the whole SavedModel; without, it loads in TensorFlow 2.15.
        details: `task`, `training_data`, `license` and `scores` of the weights.
        overwrite: Whether an existing version may be replaced.
        on_progress: Called with a line for each part of the work.

    Returns:
        Path and manifest.

    Raises:
        ValueError: If an argument is out of range, or the SavedModel differs from `Restorer`.
        FileExistsError: If that version exists and `overwrite` is not set.
        OSError: If the directory cannot be written.

    Example:
    >>> report = hinet_tf.export_saved_model(HINet(width=4, depth=2), "models/denoise")
    >>> report.path.as_posix()
    'models/denoise/1'
    """
    precision = chosen_precision(model, "tensorflow", precision)
    restorer = _validated(
        model, version, output, max_pixels, jpeg_quality,
        precision=precision, tile=tile, overlap=overlap, self_ensemble=self_ensemble,
        memory=memory,
    )  # fmt: skip
    target = Path(directory) / str(version)
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} exists; choose another version or pass overwrite=True.")
    _check_space(Path(directory), model)
    recipe = SavedModelOptions(
        version=version, output=output, precision=precision, tile=tile, overlap=overlap,
        self_ensemble=self_ensemble, memory=memory, max_pixels=max_pixels,
        jpeg_quality=jpeg_quality, webp=webp, warm_up=can_write_warm_up(),
        bytes_per_pixel=restorer.engine.bytes_per_pixel,
    )  # fmt: skip

    on_progress("Tracing the graph")
    module = _module(model, recipe)
    with atomic_path(target) as temporary:
        on_progress("Writing the SavedModel")
        _save(module, temporary, target)
        on_progress("Comparing it with Restorer")
        requests = warm_up_requests(model.channels)
        checks = check_saved_model(temporary, restorer, requests, jpeg_quality)
        if recipe.warm_up:
            write_warm_up(temporary, requests)
        else:
            on_progress("Without warm-up requests: they need pip install 'hinet-tf[serving]'")
        manifest = write_manifest(temporary, model, recipe, details or {}, checks)
    return SavedModelReport(target, manifest)


def _validated(
    model: Any,
    version: int,
    output: str,
    max_pixels: int,
    jpeg_quality: int | None,
    **options: Any,
) -> Restorer:
    """A Restorer of the same options, which checks the rest of them and is the reference."""
    check_exportable(model, output)
    if model.channels not in (1, 3):
        raise ValueError(
            f"Image files hold gray or RGB. Received: a model of {model.channels} channels."
        )
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ValueError(
            f"`version` must be a positive integer, the only names that TensorFlow Serving "
            f"looks for. Received: version={version!r}"
        )
    # Beyond, the positions of pixels leave the 32-bit integers of TensorFlow's image operations.
    if not 1 <= max_pixels <= 2**29:
        raise ValueError(f"`max_pixels` must lie in [1, 2**29]. Received: {max_pixels}")
    if jpeg_quality is not None and not 1 <= jpeg_quality <= 100:
        raise ValueError(f"`jpeg_quality` must lie in [1, 100]. Received: {jpeg_quality}")
    return Restorer(model, engine="tensorflow", fast=output == "stage1", **options)


def _module(model: HINet, recipe: SavedModelOptions) -> ServingModule:
    network = restoring_function(model, recipe.output, recipe.precision)

    def checked(batch: tf.Tensor) -> tf.Tensor:
        return tf.debugging.check_numerics(
            network(batch), "the model gives NaN or infinity for this image; restored pixels"
        )

    # Not inlined: its many callers share one copy, which is optimized once; half the start-up.
    shared = tf.function(
        checked,
        input_signature=[tf.TensorSpec((None, None, None, model.channels), tf.float32)],
        autograph=False,
        experimental_attributes={"_noinline": True},
    )
    tiled = TiledRestoration(shared, model.channels, model.size_multiple, recipe)
    variables = [weight.value for weight in network.network.weights]
    return ServingModule(shared, variables, tiled, recipe)


def _save(module: ServingModule, temporary: Path, target: Path) -> None:
    try:
        tf.saved_model.save(module, str(temporary), signatures=module.signatures())
    except tf.errors.OpError as error:
        # A full disk, as TensorFlow reports it.
        raise OSError(f"{target} could not be written: {error.message}") from error


def _check_space(directory: Path, model: HINet) -> None:
    """Refuses an unwritable or full place before the work, not after it."""
    directory.mkdir(parents=True, exist_ok=True)
    if not os.access(directory, os.W_OK):
        raise PermissionError(f"No permission to write into {directory}.")
    # Float32 weights, and some megabytes of graph.
    needed = model.count_params() * 4 + 2**25
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise OSError(f"{directory} has {free:,} bytes free; the SavedModel needs {needed:,}.")
