"""From what a user names as data to sources."""

import importlib.util

from hinet_tf.data.sources.builtin import builtin_photos
from hinet_tf.data.sources.cache import cache_memory, cached
from hinet_tf.data.sources.file_source import FileSource
from hinet_tf.data.sources.folder_listing import SPLITS, list_folder
from hinet_tf.data.sources.image_files import OnBad, ShowProgress, no_progress
from hinet_tf.data.sources.source import Source


def open_sources(
    data: str,
    split: str = "train",
    *,
    cache: str = "auto",
    on_bad: OnBad | None = None,
    progress: ShowProgress = no_progress,
) -> list[Source]:
    """Returns the sources that `--data` names, for one split.

    Args:
        data: `"builtin"`, a paired folder (`DIR/train/input`, `DIR/train/target`, ...), a folder
            of clean images, `tfds:NAME`, or several of these with commas between.
        split: `"train"`, `"val"` or `"test"`. Where a paired folder has no `val`, its `test` is
            taken, and the other way round.
        cache: `"memory"`, `"none"`, a folder for decoded images, or `"auto"`; see `cached`.
        on_bad: Called with each unusable file, which is then left out; by default the first one
            is raised.
        progress: Shows progress while images are decoded, as in `cached`.

    Returns:
        At least one source.

    Raises:
        ValueError: If nothing usable is there, with what was expected.
        FileNotFoundError: If a folder does not exist.

    Example:
    >>> sources = open_sources("photos,builtin", "train")
    """
    if split not in SPLITS:
        raise ValueError(f"`split` is {split!r}; expected one of {', '.join(SPLITS)}.")
    names = [name.strip() for name in str(data).split(",") if name.strip()]
    if not names:
        raise ValueError("`data` is empty; expected builtin, a folder or tfds:NAME.")
    opened = [source for name in names for source in _open(name, split, on_bad)]
    left = cache_memory()
    sources = []
    for source in opened:
        sources.append(cached(source, cache, on_bad, progress, left))
        if isinstance(source, FileSource):
            left -= min(left, source.decoded_bytes().sum())
    return sources


def _open(name: str, split: str, on_bad: OnBad | None) -> list[Source]:
    if name == "builtin":
        return [builtin_photos("train" if split == "train" else "val")]
    if name.startswith("tfds:"):
        if importlib.util.find_spec("tensorflow_datasets") is None:
            raise ValueError(f"{name} needs TFDS; install it with pip install 'hinet-tf[data]'.")
        from hinet_tf.data.tfds.source import open_tfds

        return open_tfds(name.removeprefix("tfds:"), split)
    return [FileSource(*list_folder(name, split, on_bad))]
