"""Sources as an argument: one, or several."""

import os
from collections.abc import Iterable
from typing import Any


def listed_sources(sources: Any) -> list[Any]:
    """Returns one source, or several, as a list.

    Args:
        sources: A `Source` or an `ImageList`, or a sequence of them.

    Returns:
        A list of at least one.

    Raises:
        ValueError: If it is something else, such as the name of a folder, or empty.

    Example:
    >>> len(listed_sources(builtin_photos("train")))
    1
    """
    if isinstance(sources, (str, os.PathLike)):
        name = os.fspath(sources)
        raise ValueError(
            f"Expected sources of images. Received: {name!r}, a name; open it first: "
            f"hinet_tf.data.open_sources({name!r}, 'train')."
        )
    several = not _is_source(sources) and isinstance(sources, Iterable)
    listed = list(sources) if several else [sources]
    others = [type(source).__name__ for source in listed if not _is_source(source)]
    if others or not listed:
        raise ValueError(
            "Expected sources of images, as hinet_tf.data.open_sources returns them. Received: "
            f"{', '.join(others) or 'none'}."
        )
    return listed


def _is_source(value: Any) -> bool:
    return hasattr(value, "paired") and hasattr(value, "images")
