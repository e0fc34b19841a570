"""The interface of an engine."""

from typing import Protocol

import numpy as np


class Engine(Protocol):
    """Something that restores batches of images of one size.

    Args:
        channels: Channels of the images.
        size_multiple: What heights and widths must be a multiple of.
        sizes: The only `(height, width)` it takes, largest last; `None` for any.
        bytes_per_pixel: Estimate of the memory one more pixel of a batch takes, for the
            choice of a tile size.
    """

    channels: int
    size_multiple: int
    sizes: tuple[tuple[int, int], ...] | None
    bytes_per_pixel: int

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Restores float32 images in [0, 1], `(batch, height, width, channels)`, unclipped."""
        ...


def stage_name(fast: bool) -> str:
    """The model's output that is the result: after one stage or after both."""
    return "stage1" if fast else "restored"
