"""Test sets as people have them on disk: pairs of a degraded and a clean image."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hinet_tf.images.header import without_alpha
from hinet_tf.images.image_file import SUFFIXES, open_image

# Folder of the degraded, folder of the clean images, and which names count: own pairs and rain
# sets; REDS val-300, every tenth frame (`*9.*` in the official preparation script).
_LAYOUTS = (
    ("input", "target", r".*"),
    ("blur", "sharp", r".*"),
    ("val_blur_jpeg", "val_sharp", r".*9"),
    ("val_blur", "val_sharp", r".*9"),
)
_SIDD = ("ValidationNoisyBlocksSrgb.mat", "ValidationGtBlocksSrgb.mat")

LAYOUTS_HELP = """\
DIR/input + DIR/target           own pairs: equal names, any suffix
DIR/SET/input + DIR/SET/target   several sets, such as the five rain sets
DIR/SCENE/blur + .../sharp       GoPro, HIDE
DIR/val_blur_jpeg + .../val_sharp   REDS val-300 (every tenth frame)
DIR/ValidationNoisyBlocksSrgb.mat + ValidationGtBlocksSrgb.mat   SIDD: 1280 blocks
(all but the last also below DIR/test or DIR/val)
"""


class ScoredPair(NamedTuple):
    """One pair of a test set; the images are read when they are called for.

    Example:
    >>> pair = ScoredPair("", "a", lambda: np.zeros((8, 8, 3)), lambda: np.ones((8, 8, 3)))
    >>> pair.target().mean()
    np.float64(1.0)
    """

    set_name: str
    name: str
    degraded: Callable[[], np.ndarray]
    target: Callable[[], np.ndarray]


def find_pairs(directory: Path, folders: Sequence[str] | None = None) -> list[ScoredPair]:
    """Finds the pairs of a test set by its layout.

    Args:
        directory: The set; see `LAYOUTS_HELP`.
        folders: Names of the folders of degraded and of clean images, for any other layout.

    Returns:
        The pairs, sorted by set and name.

    Raises:
        ValueError: If the layout is unknown or images lack their partner.
    """
    if not directory.is_dir():
        raise ValueError(f"Expected a directory of test images. Received: {directory}.")
    if folders:
        missing = [name for name in folders if not (directory / name).is_dir()]
        if missing:
            raise ValueError(f"No such folder: {directory / missing[0]}.")
        return _match(directory / folders[0], directory / folders[1], "")
    if (directory / _SIDD[0]).is_file():
        return _sidd_blocks(directory)
    for base in (directory / "test", directory / "val", directory):
        pairs = _pairs_of_base(base) if base.is_dir() else []
        if pairs:
            return pairs
    raise ValueError(f"No pairs in {directory}. Expected one of:\n{LAYOUTS_HELP}")


def clean_images(
    directory: Path, degrade: Callable[[np.ndarray, int], np.ndarray]
) -> list[ScoredPair]:
    """Makes pairs of a folder of clean images.

    Args:
        directory: Any images below it count.
        degrade: From a clean image and its number to a degraded one.

    Returns:
        The pairs, sorted by path.

    Raises:
        ValueError: If there are no images.
    """
    files = _images(directory)
    if not files:
        raise ValueError(f"No images ({', '.join(SUFFIXES)}) in {directory}.")

    def pair(number: int, name: str, path: Path) -> ScoredPair:
        return ScoredPair("", name, lambda: degrade(_read(path), number), lambda: _read(path))

    return [pair(number, name, files[name]) for number, name in enumerate(sorted(files))]


def _pairs_of_base(base: Path) -> list[ScoredPair]:
    for degraded, clean, names in _LAYOUTS:
        if (base / degraded).is_dir():
            return _match(base / degraded, base / clean, "", names)
    pairs = []
    for folder in sorted(path for path in base.iterdir() if path.is_dir()):
        if (folder / "input").is_dir() and (folder / "target").is_dir():
            pairs += _match(folder / "input", folder / "target", folder.name)
        elif (folder / "blur").is_dir() and (folder / "sharp").is_dir():
            scene = _match(folder / "blur", folder / "sharp", "")
            pairs += [pair._replace(name=f"{folder.name}/{pair.name}") for pair in scene]
    return pairs


def _match(degraded: Path, clean: Path, set_name: str, names: str = ".*") -> list[ScoredPair]:
    first, second = _images(degraded), _images(clean)
    alone = sorted(name for name in first.keys() ^ second.keys() if re.fullmatch(names, name))
    if alone:
        raise ValueError(
            f"{len(alone)} images of {degraded} and {clean} have no partner of the same name, "
            f"such as {alone[0]}."
        )
    return [
        ScoredPair(set_name, name, _reader(first[name]), _reader(second[name]))
        for name in sorted(first)
        if re.fullmatch(names, name)
    ]


def _images(directory: Path) -> dict[str, Path]:
    """Images below a folder: path without suffix -> path."""
    return {
        path.relative_to(directory).with_suffix("").as_posix(): path
        for path in sorted(directory.rglob("*"))
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    }


def _reader(path: Path) -> Callable[[], np.ndarray]:
    return lambda: _read(path)


def _read(path: Path) -> np.ndarray:
    """An image without its alpha channel."""
    return without_alpha(open_image(path).read())


def _sidd_blocks(directory: Path) -> list[ScoredPair]:
    """Blocks of `(40 images, 32 blocks, 256, 256, 3)` uint8 RGB, as the data set ships them."""
    from scipy.io import loadmat

    arrays = []
    for file in _SIDD:
        try:
            content = loadmat(directory / file)
        except (OSError, ValueError, NotImplementedError) as error:
            raise ValueError(f"{directory / file} is not a readable .mat file: {error}") from error
        array = next((v for v in content.values() if getattr(v, "ndim", 0) == 5), None)
        if array is None or array.dtype != np.uint8:
            raise ValueError(f"{directory / file} holds no uint8 array of five dimensions.")
        arrays.append(array)
    noisy, clean = arrays
    if noisy.shape != clean.shape:
        raise ValueError(
            f"The SIDD arrays differ. Received: noisy {noisy.shape}, clean {clean.shape}."
        )

    def pair(i: int, j: int) -> ScoredPair:
        return ScoredPair("", f"{i:02d}_{j:02d}", lambda: noisy[i, j], lambda: clean[i, j])

    return [pair(i, j) for i in range(noisy.shape[0]) for j in range(noisy.shape[1])]
