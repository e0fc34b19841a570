"""What a .tflite file says about itself."""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from hinet_tf import __version__
from hinet_tf.inference.engines.litert import METADATA_ENTRY
from hinet_tf.models import HINet
from hinet_tf.models.weights import weights_sha256


def metadata(
    content: bytes,
    model: HINet,
    sizes: Sequence[tuple[int, int]],
    quantization: str,
    output: str,
    image_type: str,
    details: Mapping[str, Any],
) -> dict[str, Any]:
    """Collects what an application needs to know to use the file, and a person to trust it.

    Args:
        content: The file as yet without metadata, which its checksum is of.
        model: The model that is exported.
        sizes: Height and width of each signature.
        quantization: Name of the recipe.
        output: `"restored"` or `"stage1"`.
        image_type: `"float32"` or `"uint8"`.
        details: What only the owner of the weights knows: `task`, `training_data`, `license`,
            `scores`.

    Returns:
        Plain data.
    """
    return {
        "name": "HINet",
        "task": details.get("task", "unknown"),
        "training_data": details.get("training_data", "unknown"),
        "license": details.get("license", "unknown"),
        "scores": details.get("scores", "unknown"),
        "scale": model.width / 64,
        "width": model.width,
        "depth": model.depth,
        "parameters": model.count_params(),
        "statistics": model.norm,
        "quantization": quantization,
        "image": {
            "type": image_type,
            "layout": "1, height, width, channels",
            "colors": {1: "gray", 3: "RGB"}[model.channels],
            "range": [0, 255] if image_type == "uint8" else [0, 1],
            "sizes": [list(size) for size in sizes],
            "size_multiple": model.size_multiple,
        },
        "restored": {"stage": output, "clipped": image_type == "uint8"},
        # Statistics differ from tile to tile; an overlap of 32 pixels, blended, hides it. Who cuts
        # the tiles takes at most a third of one.
        "tiling": {"tile": list(sizes[0]), "overlap": 32},
        "hinet_tf_version": __version__,
        "source_sha256": weights_sha256(model),
        "model_sha256": hashlib.sha256(content).hexdigest(),
    }


def add_metadata(content: bytes, data: Mapping[str, Any]) -> bytes:
    """Appends metadata as a ZIP archive, which every runtime skips and every unzip reads."""
    archive = io.BytesIO(content)
    with zipfile.ZipFile(archive, "a") as file:
        # A fixed date, so that equal exports are equal files.
        entry = zipfile.ZipInfo(METADATA_ENTRY, date_time=(1980, 1, 1, 0, 0, 0))
        file.writestr(entry, json.dumps(data, indent=1))
    return archive.getvalue()


def read_metadata(file: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads the metadata of a file that `export_tflite` wrote.

    Raises:
        ValueError: If there is none.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            return json.loads(archive.read(METADATA_ENTRY))
    except (zipfile.BadZipFile, KeyError) as error:
        raise ValueError(
            f"{file} holds no {METADATA_ENTRY}. Received: a file that export_tflite did not "
            "write, or one that another program has rewritten."
        ) from error
