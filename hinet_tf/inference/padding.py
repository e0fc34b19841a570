"""Padding to sizes a network can halve."""

import numpy as np


def pad_to(batch: np.ndarray, height: int, width: int) -> np.ndarray:
    """Pads images at the bottom and right by mirroring, edge pixel included.

    The official data loader pads small training images the same way (`BORDER_REFLECT`), and a
    mirror changes the image's statistics least. Works from 1x1 up.

    Args:
        batch: `(batch, height, width, channels)`.
        height: Height to reach, at least that of the batch.
        width: Width to reach, at least that of the batch.

    Returns:
        The padded batch; the batch itself where nothing is missing.
    """
    bottom, right = height - batch.shape[1], width - batch.shape[2]
    if bottom == 0 and right == 0:
        return batch
    return np.pad(batch, ((0, 0), (0, bottom), (0, right), (0, 0)), mode="symmetric")


def next_multiple(size: int, multiple: int) -> int:
    """The smallest multiple that is at least `size`."""
    return -(-size // multiple) * multiple
