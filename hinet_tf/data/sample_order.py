"""Which image comes when, computed from the sample's number alone."""

from collections.abc import Sequence

import tensorflow as tf

from hinet_tf.data import random_numbers
from hinet_tf.data.shares import BLOCK, block_counts


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
        self._counts = tf.constant(block_counts(lengths, weights), tf.int64)
        self._lengths = tf.constant(lengths, tf.int64)
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
