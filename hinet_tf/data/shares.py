"""How often each source comes."""

from collections.abc import Sequence

import numpy as np

# Shares of the sources are exact over this many samples.
BLOCK = 1000


def block_counts(lengths: Sequence[int], weights: Sequence[float] | None = None) -> np.ndarray:
    """Divides a block of samples among sources, by the largest remainder method.

    Args:
        lengths: Number of images of each source.
        weights: Relative weight of each source; by default its number of images, so that every
            image comes equally often.

    Returns:
        The number of samples of each source in `BLOCK`, as integers.

    Raises:
        ValueError: If a length or weight is not positive, or a source gets less than one sample.

    Example:
    >>> block_counts([4, 100], weights=[1, 3]).tolist()
    [250, 750]
    """
    if weights is None:
        # A small source beside a large one still comes: at least one sample in a block.
        weights = [max(length, sum(lengths) / BLOCK) for length in lengths]
    if len(weights) != len(lengths) or not all(w > 0 for w in [*weights, *lengths]):
        raise ValueError(
            f"Received weights {list(weights)} for {len(lengths)} sources of {list(lengths)} "
            f"images; expected one positive weight for each source, and no empty source."
        )
    exact = np.array(weights, float) / np.sum(weights) * BLOCK
    counts = np.floor(exact).astype(int)
    largest = np.argsort(counts - exact, kind="stable")[: BLOCK - counts.sum()]
    counts[largest] += 1
    if counts.min() == 0:
        raise ValueError(
            f"Weights {list(weights)} give a source less than one sample in {BLOCK}; raise its "
            f"weight or leave it out."
        )
    return counts
