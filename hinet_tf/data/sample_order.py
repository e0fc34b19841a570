"""Which image comes when, computed from the sample's number alone."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from hinet_tf.data import random_numbers

# Shares of the sources are exact over this many samples.
BLOCK = 1000


class SampleOrder:
    """Maps the number of a sample to a source and an image of it, without any state.

    Within a source every image comes once before any comes again, in a new random order each
    time round. Of each 1000 samples every source gets its share, in random order. Both rest on
    a keyed permutation that is computed at one place without the others, so training resumes at
    any sample at no cost and workers need not talk to each other.

    Args:
        lengths: Number of images of each source.
        weights: Relative weight of each source; by default its number of images, so that every
            image comes equally often.
        seed: Any integer.

    Raises:
        ValueError: If a length or weight is not positive, or a source gets less than one sample
            in 1000.

    Example:
    >>> source, index = SampleOrder([4, 100], weights=[1, 3], seed=7)(0)
    """

    def __init__(self, lengths: Sequence[int], weights: Sequence[float] | None = None, seed=0):
        if weights is None:
            # A small source beside a large one still comes: at least one sample in a block.
            weights = [max(length, sum(lengths) / BLOCK) for length in lengths]
        if len(weights) != len(lengths) or not all(w > 0 for w in [*weights, *lengths]):
            raise ValueError(
                f"Received weights {list(weights)} for {len(lengths)} sources of {list(lengths)} "
                f"images; expected one positive weight for each source, and no empty source."
            )
        self._lengths = tf.constant(lengths, tf.int64)
        self._counts = tf.constant(_shares(weights), tf.int64)
        self._ends = tf.cumsum(self._counts)
        self._seed = seed

    def __call__(self, number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns `(source, index)`, scalar int32 and int64, of the int64 sample number."""
        number = tf.cast(number, tf.int64)
        if len(self._lengths) == 1:
            source, turn = tf.constant(0), number
        else:
            block = number // BLOCK
            slot = self._shuffled(number % BLOCK, block, BLOCK, stream=0)
            source = tf.searchsorted(self._ends, [slot], side="right")[0]
            first = self._ends[source] - self._counts[source]
            turn = block * self._counts[source] + slot - first
        length = self._lengths[source]
        index = self._shuffled(turn % length, turn // length, length, stream=source + 1)
        return source, index

    def _shuffled(self, position, epoch, length, stream) -> tf.Tensor:
        # One word must hold epoch and stream: 65,536 of each before an order repeats itself.
        key = tf.cast(epoch, tf.uint32) * 65536 + tf.cast(stream, tf.uint32)
        seed = random_numbers.fold_in(self._seed, key)
        return tf.random.experimental.index_shuffle(position, seed, length - 1)


def _shares(weights: Sequence[float]) -> np.ndarray:
    """Divides a block by the largest remainder method."""
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
