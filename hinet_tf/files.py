"""Writing output files whole or not at all, and reading what others wrote."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def real_path(path: str | os.PathLike[str]) -> Path:
    """The absolute path without symbolic links; of links that lead in a circle, one of them.

    `Path.resolve` raises `RuntimeError` for such a circle before Python 3.13.

    Example:
    >>> real_path("/tmp/../usr") == real_path("/usr")
    True
    """
    return Path(os.path.realpath(path))


@contextmanager
def atomic_path(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a temporary path beside `target` that replaces it on success.

    A reader sees the old file or the new one, never half of one: not after a crash, a full
    disk, a kill or Ctrl-C. The temporary path keeps the suffix of the target, because
    writers such as Keras and Pillow choose the format by it. If the temporary path was made
    a directory, it replaces an existing directory the same way.

    Args:
        target: The file to write. Missing parent directories are made.

    Yields:
        The path to write to, in the directory of `target`.

    Raises:
        OSError: If it cannot be written; the error names `target`.

    Example:
    >>> with atomic_path("scores.json") as path:
    ...     _ = path.write_text("{}")
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    # A directory of its own, so that writers which add files beside theirs are cleaned up too. Not
    # of the target's name, which may be as long as names can be.
    try:
        workspace = Path(tempfile.mkdtemp(prefix=".hinet.", suffix=".tmp", dir=target.parent))
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from error
    temporary = workspace / target.name
    try:
        yield temporary
        if temporary.is_dir():
            _replace_directory(temporary, target)
        else:
            _flush_to_disk(temporary)
            os.replace(temporary, target)
    except OSError as error:
        # A full disk names no file, or one that nobody asked for.
        named = error.filename
        if error.strerror and (named is None or str(workspace) in str(named)):
            raise OSError(error.errno, error.strerror, str(target)) from error
        raise
    finally:
        shutil.rmtree(workspace, ignore_errors=True)


def json_object(content: bytes | str) -> dict[str, Any]:
    """Reads a JSON object that somebody else wrote.

    Args:
        content: The text.

    Returns:
        The object.

    Raises:
        ValueError: If it is no JSON, nests too deeply, or is no object.

    Example:
    >>> json_object(b'{"width": 4}')
    {'width': 4}
    """
    try:
        parsed = json.loads(content)
    except RecursionError:
        raise ValueError("it nests too deeply") from None
    if not isinstance(parsed, dict):
        raise ValueError(f"expected an object in braces, received {type(parsed).__name__}")
    return parsed


def size_text(size: int) -> str:
    """A number of bytes for people.

    Example:
    >>> size_text(268_435_456)
    '268 MB'
    """
    units = ["bytes", "kB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{size:.3g} {units[0]}"


def _replace_directory(temporary: Path, target: Path) -> None:
    """Puts a finished directory in place of an old one; POSIX has no single call for it."""
    previous = temporary.parent / "previous"
    try:
        if target.exists():
            os.rename(target, previous)
        os.rename(temporary, target)
    finally:
        # After an error, or Ctrl-C between the two, it would go with the workspace.
        if previous.exists() and not target.exists():
            os.rename(previous, target)


def _flush_to_disk(path: Path) -> None:
    """Waits until the content is on disk: a rename may otherwise outlive it in a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
