"""Describing a finished SavedModel in a file inside it."""

import dataclasses
import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hinet_tf import __version__
from hinet_tf.inference.saved_model_manifest import (
    MANIFEST,
    SavedModelManifest,
    SavedModelOptions,
    checksums,
    fingerprint,
)
from hinet_tf.models import HINet
from hinet_tf.models.weights import weights_sha256


def write_manifest(
    path: str | os.PathLike[str],
    model: HINet,
    recipe: SavedModelOptions,
    details: Mapping[str, Any],
    checks: list[Mapping[str, Any]],
) -> dict[str, Any]:
    """Writes the manifest; `inference.saved_model_manifest.read_manifest` reads it.

    Args:
        path: The SavedModel directory, complete but for the manifest.
        model: The model it was made from.
        recipe: The options of the export.
        details: What only the owner of the weights knows: `task`, `training_data`, `license`,
            `scores`.
        checks: What was verified and measured.

    Returns:
        The manifest as plain data.
    """
    files = checksums(Path(path))
    manifest = SavedModelManifest(
        model={
            "name": "HINet",
            "width": model.width,
            "depth": model.depth,
            "channels": model.channels,
            "parameters": model.count_params(),
            "statistics": model.norm,
            "size_multiple": model.size_multiple,
            "weights_sha256": weights_sha256(model),
        },
        about={"task": "unknown", "training_data": "unknown", "license": "unknown", **details},
        recipe=recipe,
        checks=checks,
        versions={
            "hinet_tf": __version__,
            "tensorflow": version("tensorflow"),
            "keras": version("keras"),
            "python": platform.python_version(),
        },
        files=files,
        fingerprint=fingerprint(files),
    )
    target = Path(path) / MANIFEST
    target.parent.mkdir(exist_ok=True)
    content = dataclasses.asdict(manifest)
    target.write_text(json.dumps(content, indent=1) + "\n")
    return content
