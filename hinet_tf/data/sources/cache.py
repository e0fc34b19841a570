"""Decoding once instead of in every epoch."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hinet_tf.data.sources.array_source import ArraySource
from hinet_tf.data.sources.disk_cache import cache_on_disk
from hinet_tf.data.sources.file_source import FileSource
from hinet_tf.data.sources.image_files import OnBad, ShowProgress, no_progress
from hinet_tf.data.sources.image_list import decode_all, none_decoded
from hinet_tf.data.sources.partly_cached import PartlyCachedSource
from hinet_tf.data.sources.source import Source
from hinet_tf.images.header import ImageHeader, decode_file
from hinet_tf.processor import usable_memory

# "auto" takes this part of the machine's memory at most: several workers may share it.
_MEMORY_SHARE = 0.2


def cache_memory() -> int:
    """Bytes that all sources together may hold with `cache="auto"`: a fifth of the memory."""
    return int(_MEMORY_SHARE * usable_memory())


def cached(
    source: Source,
    cache: str = "auto",
    on_bad: OnBad | None = None,
    progress: ShowProgress = no_progress,
    memory: int | None = None,
) -> Source:
    """Returns a source of the same images that need not be decoded each time.

    What is trained does not depend on the cache, only how fast it is delivered.

    Args:
        source: Any source; only images in files gain from a cache.
        cache: `"memory"` holds the decoded images; `"none"` decodes each time; `"auto"` holds as
            many as fit into `memory` and decodes the others each time; anything else is a folder
            to keep them in, see `disk_cache.cache_on_disk`.
        on_bad: Called with each file that cannot be decoded, which is then left out; by default
            the first one is raised.
        progress: Wraps the numbers of the images while they are decoded, with a title, to show
            progress; such as `rich.progress.track`.
        memory: Bytes for `"auto"`; `cache_memory()` by default.

    Returns:
        The source.

    Raises:
        ValueError: If a file cannot be decoded.

    Example:
    >>> source = cached(clean_folder("photos"), "memory")
    """
    if not isinstance(source, FileSource) or cache == "none":
        return source
    if cache == "auto":
        return _in_memory(source, cache_memory() if memory is None else memory, on_bad, progress)
    if cache == "memory":
        return _in_memory(source, math.inf, on_bad, progress)
    return cache_on_disk(source, Path(cache), on_bad, progress)


def _in_memory(
    source: FileSource, memory: float, on_bad: OnBad | None, progress: ShowProgress
) -> Source:
    """As many of the images as fit into so many bytes, and the others as they are."""
    fitting = np.count_nonzero(np.cumsum(source.decoded_bytes()) <= memory)
    if fitting == 0 and on_bad is None:
        return source
    columns = [side[:fitting] for side in source.sides]
    names, images = decode_all(source.names[:fitting], columns, decode_file, on_bad, progress)
    others = _whole(source, range(fitting, len(source)), on_bad, progress)
    if not names and not others:
        raise none_decoded(len(source))
    if not others:
        return ArraySource(*images, names=names)
    rest = _only(source, others)
    return PartlyCachedSource(ArraySource(*images, names=names), rest) if names else rest


def _whole(
    source: FileSource, numbers: Sequence[int], on_bad: OnBad | None, progress: ShowProgress
) -> list[int]:
    """Images that can be decoded, where those that cannot are to be left out.

    Later, inside `tf.data`, nobody could tell which one is at fault.
    """
    if on_bad is None or not numbers:
        return list(numbers)

    def checked(header: ImageHeader) -> np.ndarray:
        decode_file(header)
        return np.empty(0)

    columns = [[side[number] for number in numbers] for side in source.sides]
    whole, _ = decode_all([str(n) for n in numbers], columns, checked, on_bad, progress)
    return [int(number) for number in whole]


def _only(source: FileSource, numbers: Sequence[int]) -> FileSource:
    """These images of a source."""
    sides = ([side[number] for number in numbers] for side in source.sides)
    return FileSource(*sides, names=[source.names[number] for number in numbers])
