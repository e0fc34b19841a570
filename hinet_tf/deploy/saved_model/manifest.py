"""What a served model says about itself, and the checksums that hold it to that."""

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hinet_tf import __version__
from hinet_tf.models import HINet
from hinet_tf.models.checksum import weights_sha256

# TensorFlow Serving leaves the folder alone, and copies of a model keep it.
MANIFEST = "assets.extra/hinet_manifest.json"


def write_manifest(
    path: str | os.PathLike[str],
    model: HINet,
    recipe: Mapping[str, Any],
    details: Mapping[str, Any],
    checks: list[Mapping[str, Any]],
) -> dict[str, Any]:
    """Describes a finished SavedModel in a file inside it.

    Args:
        path: The SavedModel directory, complete but for the manifest.
        model: The model it was made from.
        recipe: The options of the export.
        details: What only the owner of the weights knows: `task`, `training_data`, `license`,
            `scores`.
        checks: What was verified and measured.

    Returns:
        The manifest, plain data.
    """
    files = _checksums(Path(path))
    manifest = {
        "format": 1,
        "model": {
            "name": "HINet",
            "width": model.width,
            "depth": model.depth,
            "channels": model.channels,
            "parameters": model.count_params(),
            "statistics": model.norm,
            "size_multiple": model.size_multiple,
            "weights_sha256": weights_sha256(model),
        },
        "about": {"task": "unknown", "training_data": "unknown", "license": "unknown", **details},
        "recipe": dict(recipe),
        "checks": checks,
        "versions": {
            "hinet_tf": __version__,
            "tensorflow": version("tensorflow"),
            "keras": version("keras"),
            "python": platform.python_version(),
        },
        "files": files,
        "fingerprint": _fingerprint(files),
    }
    target = Path(path) / MANIFEST
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(manifest, indent=1) + "\n")
    return manifest


def read_manifest(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads the manifest of a SavedModel and checks every file against it.

    Args:
        path: A version directory that `export_saved_model` wrote.

    Returns:
        The manifest.

    Raises:
        ValueError: If there is none, or a file is missing, added or changed.

    Example:
    >>> read_manifest("models/denoise/1")["fingerprint"]  # doctest: +SKIP
    """
    try:
        manifest = json.loads((Path(path) / MANIFEST).read_text())
    except (FileNotFoundError, NotADirectoryError):
        raise ValueError(
            f"{path} holds no {MANIFEST}. Expected a version directory that export_saved_model "
            "wrote, such as models/denoise/1."
        ) from None
    files, expected = _checksums(Path(path)), manifest["files"]
    changed = sorted(n for n in files | expected if files.get(n) != expected.get(n))
    if changed or _fingerprint(files) != manifest["fingerprint"]:
        raise ValueError(
            f"{path} is not as it was exported: {', '.join(changed) or 'the manifest'} changed. "
            "Copy or export it again."
        )
    return manifest


def _checksums(path: Path) -> dict[str, str]:
    files = sorted(p for p in path.rglob("*") if p.is_file() and p != path / MANIFEST)
    return {str(p.relative_to(path)): _sha256(p) for p in files}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fingerprint(files: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
