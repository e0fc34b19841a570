"""Finding the pairs of a benchmark dataset in the layouts people have it in."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from hinet_tf.data.sources.image_files import PairFiles, pair_files
from hinet_tf.files import real_path

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")


def archives(folder: Path) -> list[Path]:
    """Lists the archives directly in a folder."""
    return sorted(path for path in folder.iterdir() if path.name.lower().endswith(ARCHIVES))


def folders_below(root: Path, name: str | None = None) -> list[Path]:
    """Lists the folders below a folder, links to folders included, as large data often is linked.

    Args:
        root: Where to begin.
        name: Only folders of this name.

    Returns:
        The folders in the order of their paths.

    Raises:
        ValueError: If a link leads back to a folder above it.

    Example:
    >>> folders = folders_below(Path("gopro"), "blur_gamma")
    """
    found = []
    for parent, children, _ in os.walk(root, followlinks=True):
        above = real_path(parent)
        for child in (Path(parent, child) for child in children):
            if child.is_symlink() and real_path(child) in (above, *above.parents):
                raise ValueError(
                    f"{child} is a symbolic link to a folder above it; remove the link."
                )
            found.append(child)
    return sorted(folder for folder in found if name in (None, folder.name))


def search_pairs(roots: Iterable[Path], kinds: Mapping[str, str], part: str) -> list[PairFiles]:
    """Finds the pairs of one part of a dataset, wherever below the roots it lies.

    A pair are two files whose paths differ only in the folder that says what they are, and in
    the suffix: `train/GOPR0372_07_00/blur/000047.png` and `.../sharp/000047.png`, or
    `train/input/7.jpg` and `train/target/7.png`.

    Args:
        roots: Folders to search, the more trusted first: of equal names the first counts.
        kinds: Folder names of degraded images, each with that of its clean partners.
        part: A folder name that must lie above, such as `"train"`; case does not count.

    Returns:
        The pairs in the order of their names: the folders below `part` and the file name.

    Raises:
        ValueError: If an image has no partner.

    Example:
    >>> pairs = search_pairs([Path("gopro")], {"input": "target"}, "train")
    """
    found: dict[str, PairFiles] = {}
    for root in roots:
        for folder in folders_below(root):
            above = folder.relative_to(root).parts[:-1]
            depths = [at for at, name in enumerate(above) if name.lower() == part.lower()]
            if folder.name not in kinds or not depths:
                continue
            clean = folder.parent / kinds[folder.name]
            for pair in pairs_of(folder, clean):
                prefix = above[depths[-1] + 1 :]
                name = "-".join([*prefix, pair.name])
                found.setdefault(name, pair._replace(name=name))
    return [found[name] for name in sorted(found)]


def pairs_of(degraded: Path, clean: Path, joint: str = "-") -> list[PairFiles]:
    """Pairs the images of two folders by their path without suffix.

    Args:
        degraded: Folder of degraded images.
        clean: Folder of their partners.
        joint: What joins the parts of a path to a name.

    Returns:
        The pairs in the order of their names.

    Raises:
        ValueError: If an image has no partner.
        FileNotFoundError: If a folder is missing.

    Example:
    >>> pairs = pairs_of(Path("gopro/train/input"), Path("gopro/train/target"))
    """
    pairs, unmatched = pair_files(degraded, clean)
    if unmatched:
        name, path = next(iter(unmatched.items()))
        side = degraded if path.is_relative_to(degraded) else clean
        raise ValueError(
            f"{len(unmatched)} images in {degraded} and {clean} have no partner, the first is "
            f"{name.replace('/', joint)} in {side.name}; copy or unpack the data again."
        )
    return [pair._replace(name=pair.name.replace("/", joint)) for pair in pairs]
