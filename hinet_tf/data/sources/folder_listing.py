"""Which image files a folder offers for a split, and which of them belong together."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from hinet_tf.data.sources.image_files import OnBad, image_files, pair_files, raise_error
from hinet_tf.images.header import ImageHeader, read_header
from hinet_tf.images.image_file import SUFFIXES
from hinet_tf.images.image_file_error import ImageFileError

# One clean image of about so many is held back for validation where a folder has no split.
HELD_BACK = 20

SPLITS = ("train", "val", "test")


class Listing(NamedTuple):
    """Headers of clean images, of their degraded partners if there are any, and their names.

    Example:
    >>> clean, degraded, names = list_folder("photos", "train")
    """

    clean: list[ImageHeader]
    degraded: list[ImageHeader] | None
    names: list[str]


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


def list_clean(
    folder: str | os.PathLike[str], split: str = "train", on_bad: OnBad | None = None
) -> Listing:
    """Lists the images below a folder as clean ones; see `file_source.clean_folder`."""
    folder = Path(folder)
    _refuse_misplaced_pairs(folder)
    files = image_files(folder, on_bad)
    if split != "all" and any((folder / name).is_dir() for name in ("train", "val", "test")):
        files = image_files(folder / split, on_bad)
    elif split == "test":
        raise ValueError(f"{folder} has no folder test/; put the test images there.")
    elif split != "all":
        held_back = _held_back(folder, files)
        files = [file for file in files if (file in held_back) == (split == "val")]
    headers = _headers(files, on_bad)
    if not headers:
        raise ValueError(
            f"{folder} has no usable image for {split!r}; expected "
            f"{', '.join(SUFFIXES)} files, two at least where one is to validate on."
        )
    names = [header.path.relative_to(folder).with_suffix("").as_posix() for header in headers]
    return Listing(headers, None, names)


def _refuse_misplaced_pairs(folder: Path) -> None:
    """Refuses pairs that are no pairs by where they lie: their degraded sides would be clean."""
    splits = [path for path in _folders(folder) if path.name.lower() in SPLITS]
    for place in (folder, *splits):
        sides = {path.name.lower() for path in _folders(place)} & {"input", "target"}
        if len(sides) == 2 or (sides and place in splits):
            raise ValueError(
                f"{place} holds {'/ and '.join(sorted(sides))}/, and {folder} no pairs. Expected "
                f"{folder / 'train' / 'input'} and {folder / 'train' / 'target'}, and the same in "
                "val/, in small letters; clean images alone lie in no folder of these names."
            )


def _folders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _held_back(folder: Path, files: list[Path]) -> set[Path]:
    """What a folder validates on: by its name, so that no image that joins it moves another."""

    def number(file: Path) -> int:
        name = os.fsencode(file.relative_to(folder).as_posix())
        return int.from_bytes(hashlib.sha256(name).digest()[:8])

    chosen = {file for file in files if number(file) % HELD_BACK == 0}
    if 0 < len(chosen) < len(files):
        return chosen
    return {min(files, key=number)} if len(files) > 1 else set()


def list_pairs(
    folder: str | os.PathLike[str], split: str = "train", on_bad: OnBad | None = None
) -> Listing:
    """Lists the pairs of a folder; see `file_source.paired_folder`."""
    folder = Path(folder) / split
    inputs, targets = folder / "input", folder / "target"
    report = on_bad or raise_error
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


def _headers(files: Iterable[Path], on_bad: OnBad | None) -> list[ImageHeader]:
    def header_or_error(path: Path) -> ImageHeader | Exception:
        try:
            return read_header(path)
        except (ImageFileError, OSError) as error:
            return error

    report = on_bad or raise_error
    headers = []
    with ThreadPoolExecutor() as pool:
        for result in pool.map(header_or_error, files):
            if isinstance(result, ImageHeader):
                headers.append(result)
            else:
                report(result)
    return headers
