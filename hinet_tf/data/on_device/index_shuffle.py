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
        seed: Two 32-bit words, or an array `(*index.shape, 2)`: an order for each number.
        maximum: The largest number, below 2**62.

    Returns:
        An int64 array of the shape of `index`.

    Example:
    >>> sorted(index_shuffle(np.arange(5), np.array([7, 0]), 4).tolist())
    [0, 1, 2, 3, 4]
    """
    index = np.asarray(index, np.int64)
    if maximum == 0 or not index.size:
        return np.zeros_like(index)
    bits = int(np.ceil(np.log2(maximum)))
    length = np.uint64(max(bits + bits % 2, _SMALLEST_BLOCK) // 2)
    words = np.broadcast_to(np.asarray(seed, np.uint64), (*index.shape, 2)).reshape(-1, 2)
    if maximum < 2**_SMALLEST_BLOCK:
        seeds, order = np.unique(words, axis=0, return_inverse=True)
        orders = np.stack(
            [_order(keys, length, maximum) for keys in _round_keys(seeds.T, length).T]
        )
        return orders[order.reshape(index.shape), index]
    keys = _round_keys(words.T, length)
    shuffled = _encrypt(index.ravel().astype(np.uint64), keys, length)
    beyond = np.flatnonzero(shuffled > maximum)
    while beyond.size:
        shuffled[beyond] = _encrypt(shuffled[beyond], keys[:, beyond], length)
        beyond = beyond[shuffled[beyond] > maximum]
    return shuffled.astype(np.int64).reshape(index.shape)


def _order(keys: np.ndarray, length: np.uint64, maximum: int) -> np.ndarray:
    """The places of 0 to `maximum`, by a table of the whole block.

    The smaller the bound, the longer the walks: with seven numbers some take 50,000 steps.
    """
    block = np.arange(2**_SMALLEST_BLOCK)
    encrypted = _encrypt(block.astype(np.uint64), keys, length).astype(np.int64)
    # Where a walk is after 1, 2, 4, ... steps; it stands still where it is within the bound.
    ahead = np.where(block > maximum, encrypted, block)
    for _ in range(_SMALLEST_BLOCK):
        ahead = ahead[ahead]
    return ahead[encrypted[: maximum + 1]]


def _round_keys(words: np.ndarray, length: np.uint64) -> np.ndarray:
    """The keys of all rounds, `(rounds, numbers)`, from two words for each number."""
    mask = _mask(length)
    keys = [np.full_like(words[0], _FIRST_KEY) & mask, *(words & mask)]

    def turned_right(value: np.ndarray, by: int) -> np.ndarray:
        return (value >> np.uint64(by) | value << (length - np.uint64(by))) & mask

    for number in range(_ROUNDS - len(keys)):
        bit = np.uint64(_SEQUENCE >> number & 1)
        last = keys[-1]
        mixed = keys[-3] ^ turned_right(last, 3) ^ turned_right(last, 4)
        keys.append((np.uint64(_ROUND_CONSTANT) & mask) ^ bit ^ mixed)
    return np.stack(keys)


def _encrypt(values: np.ndarray, keys: np.ndarray, length: np.uint64) -> np.ndarray:
    mask = _mask(length)

    def turned_left(value: np.ndarray, by: int) -> np.ndarray:
        return (value << np.uint64(by) | value >> (length - np.uint64(by))) & mask

    left, right = values >> length, values & mask
    for key in keys:
        mixed = turned_left(right, 1) & turned_left(right, 8) ^ turned_left(right, 2)
        left, right = right, left ^ mixed ^ key
    return left << length | right


def _mask(length: np.uint64) -> np.uint64:
    return np.uint64(2 ** int(length) - 1)
