"""The order of `SampleOrder` for many samples at once, without TensorFlow."""

from collections.abc import Sequence

import numpy as np

from hinet_tf.data import random_numbers
from hinet_tf.data.on_device.index_shuffle import index_shuffle
from hinet_tf.data.shares import BLOCK, block_counts


class HostSampleOrder:
    """Maps numbers of samples to sources and images; the same map as `SampleOrder`.

    Args:
        lengths: Number of images of each source.
        weights: Relative weight of each source; by default its number of images.
        seed: Any integer.

    Raises:
        ValueError: As `SampleOrder`.

    Example:
    >>> sources, indices = HostSampleOrder([4, 100], seed=7)(np.arange(64))
    """

    def __init__(self, lengths: Sequence[int], weights: Sequence[float] | None = None, seed=0):
        self._counts = block_counts(lengths, weights).astype(np.int64)
        self._lengths = np.array(lengths, np.int64)
        self._ends = np.cumsum(self._counts)
        self._seed = seed

    def __call__(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the source and the index within it of each sample, as int64 arrays."""
        numbers = np.asarray(numbers, np.int64)
        if len(self._lengths) == 1:
            sources, turns = np.zeros_like(numbers), numbers
        else:
            blocks = numbers // BLOCK
            slots = self._shuffled(numbers % BLOCK, blocks, BLOCK, stream=0)
            sources = np.searchsorted(self._ends, slots, side="right")
            first = self._ends[sources] - self._counts[sources]
            turns = blocks * self._counts[sources] + slots - first
        indices = np.empty_like(numbers)
        for source, length in enumerate(self._lengths.tolist()):
            here = sources == source
            turn = turns[here]
            indices[here] = self._shuffled(turn % length, turn // length, length, source + 1)
        return sources, indices

    def _shuffled(self, positions, epochs, length: int, stream: int) -> np.ndarray:
        """Shuffles positions within their epochs, each of which has an order of its own."""
        known, epoch_of = np.unique(epochs, return_inverse=True)
        # The low 32 bits count, as in TensorFlow's arithmetic.
        seeds = [
            np.asarray(random_numbers.fold_in(self._seed, int(epoch) * 65536 + stream))
            for epoch in known
        ]
        if not seeds:
            return positions
        return index_shuffle(positions, np.stack(seeds)[epoch_of], length - 1)
