"""The image files below a folder, and which of two folders belong together."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from hinet_tf.files import real_path
from hinet_tf.images.image_file import SUFFIXES

# Called with each problem that is skipped; without it the first problem is raised.
OnBad = Callable[[ValueError], None]

# Wraps an iterable of known length, with a title, to show progress; `rich.progress.track` is one.
ShowProgress = Callable[[Iterable[int], str], Iterable[int]]


def no_progress(numbers: Iterable[int], title: str) -> Iterable[int]:
    """Shows nothing: what a library does unless it is told otherwise."""
    return numbers


class PairFiles(NamedTuple):
    """The two files of a pair.

    Example:
    >>> PairFiles("1", Path("input/1.jpg"), Path("target/1.png")).clean.name
    '1.png'
    """

    name: str
    degraded: Path
    clean: Path


def image_files(folder: str | Path, on_bad: OnBad | None = None) -> list[Path]:
    """Lists the image files below a folder, by suffix, in the order of their paths.

    Symbolic links are followed. Hidden files and folders are left out.

    Args:
        folder: The folder.
        on_bad: Called with each link that leads back to a folder above it, which is then not
            followed; by default the first one is raised.

    Returns:
        The files.

    Raises:
        ValueError: If a link leads back to a folder above it and `on_bad` is `None`.
        FileNotFoundError: If there is no such folder.

    Example:
    >>> files = image_files("photos")
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder; expected a folder of images.")
    return sorted(_walk(folder, on_bad or raise_error, {real_path(folder)}))


def pair_files(
    degraded: Path, clean: Path, on_bad: OnBad | None = None
) -> tuple[list[PairFiles], dict[str, Path]]:
    """Pairs the images below two folders by their path without suffix.

    Args:
        degraded: Folder of degraded images.
        clean: Folder of their partners.
        on_bad: Called with each name that two files of a folder share, which is then left out;
            by default the first one is raised.

    Returns:
        The pairs in the order of their names, and the images without partner, by name.

    Raises:
        ValueError: If two files share a name and `on_bad` is `None`.
        FileNotFoundError: If a folder is missing.
    """
    first, second = (dict(_unique(side, on_bad or raise_error)) for side in (degraded, clean))
    pairs = [PairFiles(name, first[name], second[name]) for name in sorted(first.keys() & second)]
    return pairs, {name: (first | second)[name] for name in sorted(first.keys() ^ second)}


def raise_error(error: Exception) -> None:
    """Raises what it is called with: what `on_bad` is by default."""
    raise error


def _unique(folder: Path, report: OnBad) -> Iterator[tuple[str, Path]]:
    """Yields the files of a folder by name, each name once."""
    by_name = defaultdict(list)
    for path in image_files(folder, report):
        by_name[path.relative_to(folder).with_suffix("").as_posix()].append(path)
    for name, paths in by_name.items():
        if len(paths) > 1:
            report(
                ValueError(
                    f"{paths[0]} and {paths[1].name} have one name without suffix; expected one "
                    f"file for each name, remove or rename one."
                )
            )
        else:
            yield name, paths[0]


def _walk(folder: Path, report: OnBad, entered: set[Path]) -> Iterator[Path]:
    """Yields what lies below a folder, which was reached through those that were entered."""
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        place = real_path(path)
        if path.is_symlink() and any(one.is_relative_to(place) for one in entered):
            report(ValueError(f"{path} is a symbolic link to a folder above it; remove the link."))
        elif path.is_dir():
            yield from _walk(path, report, entered | {place})
        elif path.suffix.lower() in SUFFIXES:
            yield path
