"""Folders of clean images, and of pairs, as sources."""

import os

from hinet_tf.data.file_source import FileSource
from hinet_tf.data.folder_listing import OnBad, list_clean, list_pairs


def clean_folder(
    folder: str | os.PathLike[str], split: str = "train", on_bad: OnBad | None = None
) -> FileSource:
    """Returns the images below a folder as clean ones, to be degraded on the fly.

    Without subfolders `train`, `val`, `test` every twentieth file in the order of the paths (but
    at least one of two or more) is held back for `"val"`.

    Args:
        folder: The folder.
        split: `"train"`, `"val"`, `"test"` (only where there is such a subfolder), or `"all"`,
            which holds nothing back.
        on_bad: Called with each unusable file, which is then left out; by default it is raised.

    Returns:
        The source; names are paths below the folder, without suffix.

    Raises:
        ValueError: If there is no usable image, or a file is unusable and `on_bad` is `None`.
        FileNotFoundError: If there is no such folder.

    Example:
    >>> source = clean_folder("photos", "train")
    """
    return FileSource(*list_clean(folder, split, on_bad))


def paired_folder(
    folder: str | os.PathLike[str], split: str = "train", on_bad: OnBad | None = None
) -> FileSource:
    """Returns the pairs in `folder/split/input` and `folder/split/target`.

    Args:
        folder: The folder that holds `train`, `val` and `test`.
        split: Which of them.
        on_bad: Called with each unusable pair, which is then left out; by default it is raised.

    Returns:
        The source; names are paths below `target`, without suffix.

    Raises:
        ValueError: If there is no usable pair, or a pair is unusable and `on_bad` is `None`.
        FileNotFoundError: If a folder is missing.

    Example:
    >>> source = paired_folder("gopro", "test")
    """
    return FileSource(*list_pairs(folder, split, on_bad))
