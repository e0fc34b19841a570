"""What a SavedModel of this package says about itself, and whether it is still so."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# TensorFlow Serving leaves the folder alone, and copies of a model keep it.
MANIFEST = "assets.extra/hinet_manifest.json"


@dataclass(frozen=True)
class SavedModelOptions:
    """How a SavedModel was exported: the options of `export_saved_model` and what follows.

    Args, besides those of `export_saved_model`:
        bytes_per_pixel: Estimate of what one pixel costs in the network.
        warm_up: Whether it holds requests to warm up with.

    Example:
    >>> SavedModelOptions(version=1, memory=2**30, max_pixels=2**25, bytes_per_pixel=740).overlap
    32
    """

    version: int
    memory: int
    max_pixels: int
    bytes_per_pixel: int
    output: str = "restored"
    precision: str = "float32"
    tile: int | None = None
    overlap: int = 32
    self_ensemble: bool = False
    jpeg_quality: int | None = None
    webp: bool = True
    warm_up: bool = False


@dataclass(frozen=True)
class SavedModelManifest:
    """The content of a SavedModel's manifest.

    Args:
        model: Architecture, size and checksum of the network.
        about: What only the owner of the weights knows: `task`, `training_data`, `license`.
        recipe: How it was exported.
        checks: What was verified and measured.
        versions: Versions of the packages that wrote it.
        files: SHA-256 of every other file, by its path within the SavedModel.
        fingerprint: One checksum over all of them.
        format: Version of this layout.
    """

    model: Mapping[str, Any]
    about: Mapping[str, Any]
    recipe: SavedModelOptions
    checks: list[Mapping[str, Any]]
    versions: Mapping[str, str]
    files: Mapping[str, str]
    fingerprint: str
    format: int = 1


def read_manifest(path: str | os.PathLike[str]) -> SavedModelManifest:
    """Reads the manifest of a SavedModel and checks every file against it.

    Args:
        path: A version directory that `export_saved_model` wrote.

    Returns:
        The manifest.

    Raises:
        ValueError: If there is none, it is damaged, or a file is missing, added or changed.
    """
    try:
        content = json.loads((Path(path) / MANIFEST).read_text())
        recipe = SavedModelOptions(**content.pop("recipe"))
        manifest = SavedModelManifest(recipe=recipe, **content)
    except (FileNotFoundError, NotADirectoryError):
        raise ValueError(
            f"{path} holds no {MANIFEST}. Expected a version directory that export_saved_model "
            "wrote, such as models/denoise/1."
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"{path}: the manifest cannot be read ({error}). Copy or export it again."
        ) from error
    _verify(Path(path), manifest)
    return manifest


def checksums(path: Path) -> dict[str, str]:
    """SHA-256 of every file of a SavedModel but its manifest, by path within it.

    Hidden ones are none of it: a file manager leaves them wherever it looks.
    """
    found = (p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
    files = sorted(p for p in found if p != path / MANIFEST)
    return {str(p.relative_to(path)): _sha256(p) for p in files}


def fingerprint(files: Mapping[str, str]) -> str:
    """One checksum over those of all files."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def _verify(path: Path, manifest: SavedModelManifest) -> None:
    files, expected = checksums(path), manifest.files
    changed = sorted(n for n in files | expected if files.get(n) != expected.get(n))
    if changed or fingerprint(files) != manifest.fingerprint:
        raise ValueError(
            f"{path} is not as it was exported: {', '.join(changed) or 'the manifest'} changed. "
            "Copy or export it again."
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
