"""Which image files a folder offers for a split, and which of them belong together."""

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from hinet_tf.images.header import ImageHeader, read_header
from hinet_tf.images.image_file import SUFFIXES
from hinet_tf.images.image_file_error import ImageFileError

# One clean image of this many is held back for validation where a folder has no split of its own.
HELD_BACK = 20

# Called with each problem that is skipped; without it the first problem is raised.
OnBad = Callable[[ValueError], None]

SPLITS = ("train", "val", "test")


class Listing(NamedTuple):
    """Headers of clean images, of their degraded partners if there are any, and their names.

    Example:
    >>> clean, degraded, names = list_folder("photos", "train")
    """

    clean: list[ImageHeader]
    degraded: list[ImageHeader] | None
    names: list[str]


class PairFiles(NamedTuple):
    """The two files of a pair.

    Example:
    >>> PairFiles("1", Path("input/1.jpg"), Path("target/1.png")).clean.name
    '1.png'
    """

    name: str
    degraded: Path
    clean: Path


def list_folder(
    folder: str | os.PathLike[str], split: str = "train", on_bad: OnBad | None = None
) -> Listing:
    """Lists a paired folder or a folder of clean images, whichever it is.

    Where a paired folder has no `val`, its `test` is taken, and the other way round.

    Args:
        folder: The folder.
        split: One of `SPLITS`.
        on_bad: As for `list_clean` and `list_pairs`.

    Returns:
        The images of the split.

    Raises:
        ValueError: As `list_clean` and `list_pairs`.
        FileNotFoundError: If there is no such folder.

    Example:
    >>> listing = list_folder("photos", "val")
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"The data {str(folder)!r} is not there; expected builtin, a folder or tfds:NAME."
        )
    paired = [part for part in SPLITS if (folder / part / "input").is_dir()]
    if not paired:
        return list_clean(folder, split, on_bad)
    if split != "train" and split not in paired:
        split = next((part for part in ("val", "test") if part in paired), split)
    return list_pairs(folder, split, on_bad)


def image_files(folder: str | os.PathLike[str], on_bad: OnBad | None = None) -> list[Path]:
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
    return sorted(_walk(folder, on_bad or _raise))


def list_clean(
    folder: str | os.PathLike[str], split: str = "train", on_bad: OnBad | None = None
) -> Listing:
    """Lists the images below a folder as clean ones.

    Without subfolders `train`, `val`, `test` every twentieth file in the order of the paths (but
    at least one of two or more) is held back for `"val"`.

    Args:
        folder: The folder.
        split: `"train"`, `"val"`, `"test"` (only where there is such a subfolder), or `"all"`,
            which holds nothing back.
        on_bad: Called with each unusable file, which is then left out; by default it is raised.

    Returns:
        The images; names are paths below the folder, without suffix.

    Raises:
        ValueError: If there is no usable image, or a file is unusable and `on_bad` is `None`.
        FileNotFoundError: If there is no such folder.

    Example:
    >>> listing = list_clean("photos", "train")
    """
    folder = Path(folder)
    files = image_files(folder, on_bad)
    if split != "all" and any((folder / name).is_dir() for name in ("train", "val", "test")):
        files = image_files(folder / split, on_bad)
    elif split == "test":
        raise ValueError(f"{folder} has no folder test/; put the test images there.")
    elif split != "all":
        held_back = set(files[::HELD_BACK] if len(files) > 1 else ())
        files = [file for file in files if (file in held_back) == (split == "val")]
    headers = _headers(files, on_bad)
    if not headers:
        raise ValueError(
            f"{folder} has no usable image for {split!r}; expected "
            f"{', '.join(SUFFIXES)} files, two at least where one is to validate on."
        )
    return Listing(headers, None, _names(folder, headers))


def list_pairs(
    folder: str | os.PathLike[str], split: str = "train", on_bad: OnBad | None = None
) -> Listing:
    """Lists the pairs in `folder/split/input` and `folder/split/target`.

    Args:
        folder: The folder that holds `train`, `val` and `test`.
        split: Which of them.
        on_bad: Called with each unusable pair, which is then left out; by default it is raised.

    Returns:
        The pairs; names are paths below `target`, without suffix.

    Raises:
        ValueError: If there is no usable pair, or a pair is unusable and `on_bad` is `None`.
        FileNotFoundError: If a folder is missing.

    Example:
    >>> listing = list_pairs("gopro", "test")
    """
    folder = Path(folder) / split
    inputs, targets = folder / "input", folder / "target"
    report = on_bad or _raise
    files, unmatched = pair_files(inputs, targets, report)
    spellings = Counter(name.lower() for name in [*unmatched, *(pair.name for pair in files)])
    for name, path in unmatched.items():
        here, there = (inputs, targets) if path.is_relative_to(inputs) else (targets, inputs)
        hint = "; the names differ in case only" if spellings[name.lower()] > 1 else ""
        report(
            ValueError(
                f"{path} in {here.name}/ has no partner in {there}{hint}; "
                f"add, rename or remove one of the two."
            )
        )
    pairs = []
    for name, degraded, clean in files:
        headers = _headers([degraded, clean], on_bad)
        if len(headers) == 2 and _same_size(*headers, report):
            pairs.append((name, *headers))
    if not pairs:
        raise ValueError(
            f"{folder} has no usable pair; expected images of equal names in {inputs} and "
            f"{targets}."
        )
    names, degraded_headers, clean_headers = map(list, zip(*pairs, strict=True))
    return Listing(clean_headers, degraded_headers, names)


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
    first, second = (dict(_unique(side, on_bad or _raise)) for side in (degraded, clean))
    pairs = [PairFiles(name, first[name], second[name]) for name in sorted(first.keys() & second)]
    return pairs, {name: (first | second)[name] for name in sorted(first.keys() ^ second)}


def _same_size(degraded: ImageHeader, clean: ImageHeader, report: OnBad) -> bool:
    if (degraded.height, degraded.width) == (clean.height, clean.width):
        return True
    report(
        ValueError(
            f"{degraded.path} is {degraded.height}x{degraded.width} (height x width), its target "
            f"{clean.path} {clean.height}x{clean.width}; expected the same size."
        )
    )
    return False


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


def _headers(files: Iterable[Path], on_bad: OnBad | None) -> list[ImageHeader]:
    def header_or_error(path: Path) -> ImageHeader | Exception:
        try:
            return read_header(path)
        except (ImageFileError, OSError) as error:
            return error

    report = on_bad or _raise
    headers = []
    with ThreadPoolExecutor() as pool:
        for result in pool.map(header_or_error, files):
            if isinstance(result, ImageHeader):
                headers.append(result)
            else:
                report(result)
    return headers


def _raise(error: Exception) -> None:
    raise error


def _names(folder: Path, headers: list[ImageHeader]) -> list[str]:
    return [header.path.relative_to(folder).with_suffix("").as_posix() for header in headers]


def _walk(folder: Path, report: OnBad) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_symlink() and path.resolve() in (folder.resolve(), *folder.resolve().parents):
            report(ValueError(f"{path} is a symbolic link to a folder above it; remove the link."))
        elif path.is_dir():
            yield from _walk(path, report)
        elif path.suffix.lower() in SUFFIXES:
            yield path
