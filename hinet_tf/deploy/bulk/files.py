"""Files on any file system that Beam knows."""

import contextlib
import shutil
import uuid
from pathlib import Path

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

# Below the output: reasons for what could not be restored, and what is being written.
DEAD_LETTERS = "_failed"
_PARTIAL = "_partial"


def write_whole(out: str, target: str, content: bytes) -> None:
    """Writes beside and renames: whoever reads `target` finds all of it or nothing."""
    partial = FileSystems.join(out, _PARTIAL, uuid.uuid4().hex)
    with FileSystems.create(partial, compression_type="uncompressed") as file:
        file.write(content)
    # Object stores have no folders to make; on disks another worker may have been quicker.
    with contextlib.suppress(BeamIOError, OSError):
        FileSystems.mkdirs(target.rpartition("/")[0])
    # A bundle that is retried after its worker died meets its own results.
    if FileSystems.exists(target):
        FileSystems.delete([target])
    FileSystems.rename([partial], [target])


def remove_partial(out: str) -> None:
    """Removes what a killed run was about to write; for the time when no run is under way."""
    folder = FileSystems.join(out, _PARTIAL)
    if FileSystems.exists(folder):
        FileSystems.delete([folder])


def dead_letter(out: str, name: str) -> str:
    """Where the reason lies why an image could not be restored."""
    return FileSystems.join(out, DEAD_LETTERS, f"{name}.json")


def download(source: str, target: Path) -> None:
    """Copies a folder to this machine."""
    (match,) = FileSystems.match([f"{source.rstrip('/')}/**"])
    for metadata in match.metadata_list:
        local = target / metadata.path.removeprefix(source.rstrip("/")).lstrip("/")
        local.parent.mkdir(parents=True, exist_ok=True)
        with (
            FileSystems.open(metadata.path, compression_type="uncompressed") as file,
            local.open("wb") as copy,
        ):
            shutil.copyfileobj(file, copy)
