"""Test sets as people have them on disk: pairs of a degraded and a clean image."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hinet_tf.data.image_pair import ImagePair
from hinet_tf.data.sources.image_files import PairFiles, image_files, pair_files
from hinet_tf.data.sources.sidd_blocks import CLEAN_BLOCKS, NOISY_BLOCKS, read_sidd_blocks
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

LAYOUTS_HELP = """\
DIR/input + DIR/target           own pairs: equal names, any suffix
DIR/SET/input + DIR/SET/target   several sets, such as the five rain sets
DIR/SCENE/blur + .../sharp       GoPro, HIDE
DIR/val_blur_jpeg + .../val_sharp   REDS val-300 (every tenth frame)
DIR/ValidationNoisyBlocksSrgb.mat + ValidationGtBlocksSrgb.mat   SIDD: 1280 blocks
(all but the last also below DIR/test or DIR/val)
"""


def open_pairs(
    data: str, degradation: Any, seed: int, folders: Sequence[str] | None = None
) -> list[ImagePair]:
    """Returns the pairs that `--data` names, whatever it is.

    Args:
        data: A test set in one of the layouts of `LAYOUTS_HELP`, a folder of clean images (of
            which `test/` or else `val/` is taken where there is one, as of pairs), or what
            `open_sources` takes.
        degradation: Degrades clean images, as in `ValidationPairs`.
        seed: Decides how, together with the number of the image.
        folders: Names of the folders of degraded and of clean images, for any other layout.

    Returns:
        The pairs.

    Raises:
        ValueError: If there are none, or images lack their partner.
        FileNotFoundError: If there is no such folder.
    """
    # Late: a command shows the layouts above before it waits for TensorFlow.
    from hinet_tf.data import ValidationPairs, open_sources, random_numbers

    directory = Path(data)
    if not directory.is_dir():
        pairs = ValidationPairs(open_sources(data, "test"), degradation=degradation, seed=seed)
        return list(pairs)

    def degrade(clean: np.ndarray, number: int) -> np.ndarray:
        peak = np.iinfo(clean.dtype).max if clean.dtype.kind == "u" else 1
        image = clean.astype(np.float32) / np.float32(peak)
        return np.asarray(degradation(image, random_numbers.fold_in(seed, number)))

    if folders:
        missing = [name for name in folders if not (directory / name).is_dir()]
        if missing:
            raise ValueError(f"No such folder: {directory / missing[0]}.")
        return _match(directory / folders[0], directory / folders[1])
    return _pairs_by_layout(directory) or clean_images(_own_split(directory), degrade)


def clean_images(
    directory: Path, degrade: Callable[[np.ndarray, int], np.ndarray]
) -> list[ImagePair]:
    """Makes pairs of a folder of clean images.

    Args:
        directory: Any images below it count.
        degrade: From a clean image and its number to a degraded one.

    Returns:
        The pairs, sorted by path.

    Raises:
        ValueError: If there are no images.
    """
    files = image_files(directory)
    if not files:
        raise ValueError(f"No images ({', '.join(SUFFIXES)}) in {directory}.")

    shared = Counter(path.relative_to(directory).with_suffix("") for path in files)

    def pair(number: int, path: Path) -> ImagePair:
        def read() -> tuple[np.ndarray, np.ndarray]:
            clean = _read(path)
            return degrade(clean, number), clean

        name = path.relative_to(directory)
        bare = name.with_suffix("")
        # The suffix stays where it alone tells two images apart.
        return ImagePair((bare if shared[bare] == 1 else name).as_posix(), read)

    return [pair(number, path) for number, path in enumerate(files)]


def _own_split(directory: Path) -> Path:
    """Where a folder of clean images has those to score; the others may have been trained on."""
    for split in (directory / "test", directory / "val"):
        if split.is_dir() and image_files(split):
            return split
    return directory


def _pairs_by_layout(directory: Path) -> list[ImagePair]:
    """The pairs of a set; none if its layout is unknown."""
    if (directory / f"{NOISY_BLOCKS}.mat").is_file():
        return _sidd_pairs(directory)
    for base in (directory / "test", directory / "val", directory):
        pairs = _pairs_of_base(base) if base.is_dir() else []
        if pairs:
            return pairs
    return []


def _pairs_of_base(base: Path) -> list[ImagePair]:
    for degraded, clean, names in _LAYOUTS:
        if (base / degraded).is_dir():
            return _match(base / degraded, base / clean, names=names)
    pairs = []
    for folder in sorted(path for path in base.iterdir() if path.is_dir()):
        if (folder / "input").is_dir() and (folder / "target").is_dir():
            pairs += _match(folder / "input", folder / "target", folder.name)
        elif (folder / "blur").is_dir() and (folder / "sharp").is_dir():
            scene = _match(folder / "blur", folder / "sharp")
            pairs += [pair._replace(name=f"{folder.name}/{pair.name}") for pair in scene]
    return pairs


def _match(degraded: Path, clean: Path, set_name: str = "", names: str = ".*") -> list[ImagePair]:
    pairs, unmatched = pair_files(degraded, clean)
    alone = [name for name in unmatched if re.fullmatch(names, name)]
    if alone:
        raise ValueError(
            f"{len(alone)} images of {degraded} and {clean} have no partner of the same name, "
            f"such as {alone[0]}."
        )
    return [_pair_of(files, set_name) for files in pairs if re.fullmatch(names, files.name)]


def _pair_of(files: PairFiles, set_name: str) -> ImagePair:
    return ImagePair(files.name, lambda: (_read(files.degraded), _read(files.clean)), set_name)


def _read(path: Path) -> np.ndarray:
    """An image without its alpha channel."""
    return without_alpha(open_image(path).read())


def _sidd_pairs(directory: Path) -> list[ImagePair]:
    noisy, clean = (
        read_sidd_blocks(directory / f"{name}.mat") for name in (NOISY_BLOCKS, CLEAN_BLOCKS)
    )
    if noisy.shape != clean.shape:
        raise ValueError(
            f"The SIDD arrays differ. Received: noisy {noisy.shape}, clean {clean.shape}."
        )
    return [
        ImagePair.of_arrays(f"{i:02d}_{j:02d}", noisy[i, j], clean[i, j])
        for i, j in np.ndindex(noisy.shape[:2])
    ]
