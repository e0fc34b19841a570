"""Writes the page with its models."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from hinet_tf import __version__, data
from hinet_tf.data.sources.builtin import builtin_images
from hinet_tf.deploy.tflite.metadata import read_metadata
from hinet_tf.deploy.web.runtime import ensure_runtime
from hinet_tf.files import atomic_path
from hinet_tf.images.pixel_format import to_uint8

MANIFEST = "models.json"
_WORKER = "service_worker.js"

# What each task has to undo in the photo that a page is tried with; of any other task, noise.
_DEGRADATIONS = {
    "denoise": data.GaussianNoise(25.0),
    "deblur": data.MotionBlur(length=15.0),
    "derain": data.Rain(),
    "dejpeg": data.JpegCompression(20),
}
# 512 x 512, public domain (NASA).
_PHOTO = "astronaut"


def export_web_page(
    models: Mapping[str, Path], source: Path, directory: str | os.PathLike[str]
) -> Path:
    """Writes a page that restores photos with `.tflite` files, all on the visitor's device.

    The folder is complete: any static host can serve it, from any path, without a network beyond.

    Args:
        models: Name -> `.tflite` file from `export_tflite`, of float32 RGB images.
        source: Folder of the page's own files; LiteRT.js lies in its folder `litert`.
        directory: The folder to write; an older page in it is replaced.

    Returns:
        The path of `models.json`.

    Raises:
        ValueError: If a file is no `.tflite` file of `export_tflite` for such images.
        OSError: If LiteRT.js is not there and cannot be fetched.
    """
    entries = [_entry(name, file) for name, file in models.items()]
    runtime = ensure_runtime(source / "litert")
    with atomic_path(directory) as folder:
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("litert", ".*"))
        page = sorted(path.name for path in folder.iterdir() if path.name != _WORKER)
        shutil.copytree(runtime, folder / "litert")
        for part in ("models", "examples"):
            (folder / part).mkdir()
        for entry, file in zip(entries, models.values(), strict=True):
            shutil.copyfile(file, folder / entry["file"])
            if not (folder / entry["example"]).exists():
                _write_example(entry["task"], folder / entry["example"])
        manifest = {"hinet_tf_version": __version__, "page": page, "models": entries}
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        _stamp(folder)
    return Path(directory) / MANIFEST


def _entry(name: str, file: Path) -> dict[str, Any]:
    about = read_metadata(file)
    image = about["image"]
    if image["type"] != "float32" or image["colors"] != "RGB":
        raise ValueError(
            f"The page takes models of float32 RGB images. Received: {file}, of {image['type']} "
            f"{image['colors']}; export it with --image-type float32."
        )
    content = file.read_bytes()
    task = about["task"]
    return {
        "name": name,
        "task": task,
        "file": f"models/{name}.tflite",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "sizes": image["sizes"],
        "overlap": about["tiling"]["overlap"],
        "license": about["license"],
        "training_data": about["training_data"],
        "example": f"examples/{task}.png",
    }


def _write_example(task: str, path: Path) -> None:
    clean = data.ArraySource([builtin_images("train")[_PHOTO]])
    degradation = _DEGRADATIONS.get(task, _DEGRADATIONS["denoise"])
    [pair] = data.ValidationPairs(clean, degradation=degradation, seed=5)
    Image.fromarray(to_uint8(pair.degraded)).save(path)


def _stamp(folder: Path) -> None:
    """Writes a checksum of the page into its service worker, which then replaces older caches."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    worker = folder / _WORKER
    text = worker.read_text(encoding="utf-8")
    worker.write_text(text.replace("unversioned", digest.hexdigest()[:16]), encoding="utf-8")
