"""A degraded and a clean image, made when they are asked for."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class ImagePair(NamedTuple):
    """A pair that is validated on or scored; nothing of it is held.

    The 1,111 test images of GoPro would be 24 GB. Whoever needs both images calls `read` once,
    since each access reads, and where needed degrades, anew.

    Args:
        name: Name of the pair.
        read: Returns the degraded and the clean image, `(height, width, channels)`.
        set_name: The test set it belongs to, where there are several.

    Example:
    >>> pair = ImagePair.of_arrays("a", np.zeros((8, 8, 3)), np.ones((8, 8, 3)))
    >>> float(pair.clean.mean())
    1.0
    """

    name: str
    read: Callable[[], tuple[np.ndarray, np.ndarray]]
    set_name: str = ""

    @classmethod
    def of_arrays(cls, name: str, degraded: np.ndarray, clean: np.ndarray) -> "ImagePair":
        """A pair of two arrays in memory."""
        return cls(name, lambda: (degraded, clean))

    @property
    def degraded(self) -> np.ndarray:
        """The degraded image."""
        return self.read()[0]

    @property
    def clean(self) -> np.ndarray:
        """The clean image."""
        return self.read()[1]
