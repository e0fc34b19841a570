"""A keyed permutation of the numbers up to a bound, each computed without the others.

The same permutation as `tf.random.experimental.index_shuffle`, without TensorFlow: a block cipher
of at least as many bits as the bound has, applied again while its result is beyond the bound
(cycle walking; Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002). The cipher is
SIMON (Beaulieu et al., https://eprint.iacr.org/2013/404) with three key words, four rounds and
words of any length.
"""

import numpy as np

_ROUNDS = 4
_SMALLEST_BLOCK = 16
_ROUND_CONSTANT = 0xFFFFFFFC
# The key schedule's bit sequence, lowest bit first.
_SEQUENCE = 0x7369F885192C0EF5
# The word that TensorFlow puts before the two of the seed.
_FIRST_KEY = 498247692


def index_shuffle(index: np.ndarray, seed: np.ndarray, maximum: int) -> np.ndarray:
    """Returns the places of numbers in a random order of 0 to `maximum`.

    Args:
        index: Integers from 0 to `maximum`, of any shape.
        seed: Two 32-bit words.
        maximum: The largest number, below 2**62.

    Returns:
        An int64 array of the shape of `index`.

    Example:
    >>> sorted(index_shuffle(np.arange(5), np.array([7, 0]), 4).tolist())
    [0, 1, 2, 3, 4]
    """
    index = np.asarray(index, np.int64)
    if maximum == 0:
        return np.zeros_like(index)
    bits = int(np.ceil(np.log2(maximum)))
    bits = max(bits + bits % 2, _SMALLEST_BLOCK)
    keys = _round_keys([_FIRST_KEY, *map(int, seed)], bits // 2)
    shuffled = _encrypt(index.astype(np.uint64), keys, bits // 2)
    while (beyond := shuffled > maximum).any():
        shuffled[beyond] = _encrypt(shuffled[beyond], keys, bits // 2)
    return shuffled.astype(np.int64)


def _round_keys(words: list[int], length: int) -> list[int]:
    mask = 2**length - 1
    keys = [word & mask for word in words]

    def turned_right(value: int, by: int) -> int:
        return (value >> by | value << (length - by)) & mask

    for number in range(_ROUNDS - len(keys)):
        bit = _SEQUENCE >> number & 1
        last = keys[-1]
        mixed = keys[-3] ^ turned_right(last, 3) ^ turned_right(last, 4)
        keys.append((_ROUND_CONSTANT & mask) ^ bit ^ mixed)
    return keys


def _encrypt(values: np.ndarray, keys: list[int], length: int) -> np.ndarray:
    mask = np.uint64(2**length - 1)

    def turned_left(value: np.ndarray, by: int) -> np.ndarray:
        return (value << np.uint64(by) | value >> np.uint64(length - by)) & mask

    left, right = values >> np.uint64(length), values & mask
    for key in keys:
        mixed = turned_left(right, 1) & turned_left(right, 8) ^ turned_left(right, 2)
        left, right = right, left ^ mixed ^ np.uint64(key)
    return left << np.uint64(length) | right
