"""Where tiles lie and how their overlaps blend."""

from itertools import pairwise

import numpy as np

# Float copies of a strip of RGB tiles that are alive at a time: read, blended, weighted, carried.
STRIP_BYTES = 60


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


def usable_overlap(tile: int, overlap: int, multiple: int) -> int:
    """Pixels that tiles can share: a third at most, and none where they start at each multiple.

    Args:
        tile: Length of a tile.
        overlap: Pixels to share if possible.
        multiple: What starts are multiples of.

    Example:
    >>> usable_overlap(256, 32, 16), usable_overlap(48, 32, 16), usable_overlap(16, 5, 16)
    (32, 16, 0)
    """
    return min(overlap, tile // 3) if tile >= 2 * multiple else 0


def tile_starts(size: int, tile: int, overlap: int, multiple: int = 16) -> list[int]:
    """Starts of the fewest tiles that cover an axis with at least `overlap` in common.

    Evenly spread, so that the last tile is not a sliver that repeats most of its neighbour, and
    at multiples of 16, so that the network halves a tile as it would halve the whole image.
    The last tile may reach past the end by less than `multiple`.

    Args:
        size: Length of the axis in pixels.
        tile: Length of a tile: at least `size`, or a multiple of `multiple`.
        overlap: Pixels that neighbours share at least; as `usable_overlap` allows.
        multiple: What starts are multiples of.

    Returns:
        Starts from 0 on.

    Example:
    >>> tile_starts(size=600, tile=256, overlap=32)
    [0, 176, 352]
    """
    if size <= tile:
        return [0]
    units, tile_units = -(-size // multiple), tile // multiple
    shared = -(-overlap // multiple)
    count = -(-(units - shared) // (tile_units - shared))
    return [round(i * (units - tile_units) / (count - 1)) * multiple for i in range(count)]


def blend_weights(starts: list[int], tile: int, overlap: int) -> np.ndarray:
    """Weight of each pixel of each tile along one axis; at each image pixel they sum to 1.

    Neighbours fade into each other by half a cosine over half of `overlap`, in the middle of
    what they share. The quarter next to a tile's edge, where the network has seen padding
    instead of the image, is not used.

    Args:
        starts: Starts of the tiles, from `tile_starts`.
        tile: Length of a tile.
        overlap: Pixels that neighbours share at least; 0 for a hard cut.

    Returns:
        Float32, `(len(starts), tile)`.
    """
    weights = np.ones((len(starts), tile), np.float32)
    for index, (left, right) in enumerate(pairwise(starts)):
        middle = (left + tile + right) / 2
        position = (np.arange(tile) + 0.5 - (middle - right)) / max(overlap / 2, 1e-6) + 0.5
        fade_in = (0.5 - 0.5 * np.cos(np.pi * np.clip(position, 0, 1))).astype(np.float32)
        weights[index + 1] *= fade_in
        shared = left + tile - right
        weights[index, tile - shared :] *= 1 - fade_in[:shared]
    return weights


def choose_tile(
    height: int, width: int, memory: int, bytes_per_pixel: int, overlap: int, multiple: int = 16
) -> tuple[int, int]:
    """The whole image where the memory allows it, else as few tiles as it does.

    Their number is that of the largest square tile that fits; then tiles are made no larger
    than that number needs. An image just too large for one call would otherwise be computed
    more than twice, in four tiles that repeat one another.

    Args:
        height: Height of the image.
        width: Width of the image.
        memory: Bytes for a call of the network and for the strip of tiles it belongs to.
        bytes_per_pixel: What one pixel costs in the network.
        overlap: Pixels that neighbouring tiles share.
        multiple: What sizes of the network are multiples of.

    Returns:
        `(height, width)` of a tile; sides that cut the image are multiples of 16 and of
        `multiple`, and at least 64, twice that and three times the overlap, whatever the memory.
    """
    unit = max(16, multiple)
    padded = next_multiple(height, unit) * next_multiple(width, unit)
    if padded * (bytes_per_pixel + STRIP_BYTES) <= memory:
        return height, width
    # side^2 * bytes_per_pixel + side * width * STRIP_BYTES = memory, solved for the side.
    half = width * STRIP_BYTES / (2 * bytes_per_pixel)
    side = (half**2 + memory / bytes_per_pixel) ** 0.5 - half
    smallest = next_multiple(max(64, 2 * unit, 3 * overlap), unit)
    side = max(smallest, int(side) // unit * unit)

    def needed(size: int) -> int:
        if size <= side:
            return side
        units, shared = -(-size // unit), -(-overlap // unit)
        count = -(-(units - shared) // (side // unit - shared))
        return max(smallest, unit * (shared - (shared - units) // count))

    return needed(height), needed(width)
