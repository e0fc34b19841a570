"""Random numbers as a pure function of a seed, the same on every device and backend.

`keras.random` draws other numbers on TensorFlow than on JAX and takes no seed that is a tensor,
so a degradation written with it could not follow a seed inside `tf.data`. A hash of the seed and
of each element's index has neither problem: integer arithmetic gives the same bits everywhere.

The hash is pcg3d of Jarzynski and Olano, "Hash Functions for GPU Rendering", Journal of Computer
Graphics Techniques 9(3), 2020, listing in section 4: three words in (index and two seed words),
three words out.
"""

import math

import numpy as np
from keras import ops

# Streams of a training sample's seed: where its patch lies, how it is degraded, how it is turned.
CROP, DEGRADE, AUGMENT = range(3)

_MULTIPLIER = np.uint32(1664525)
_INCREMENT = np.uint32(1013904223)
_HALF_WORD = np.uint32(16)
# Only the high 24 bits are used: they fit a float32 exactly and are the best mixed ones.
_UNUSED_BITS = np.uint32(8)
_UNIT = 2.0**-24


def as_seed(seed):
    """Turns an integer into a seed of two 32-bit words; passes such a seed through.

    Args:
        seed: An integer of at most 64 bits, or a uint32 tensor of shape `(2,)`.

    Returns:
        A uint32 tensor of shape `(2,)`.

    Example:
    >>> as_seed(7).shape
    TensorShape([2])
    """
    if isinstance(seed, int | np.integer):
        words = int(seed) % 2**64
        seed = np.array([words % 2**32, words >> 32], "uint32")
    return ops.convert_to_tensor(seed, dtype="uint32")


def fold_in(seed, number):
    """Returns a new seed that depends on `seed` and `number`, for an independent stream.

    Args:
        seed: As for `as_seed`.
        number: An integer, or a scalar integer tensor; its low 32 bits count.

    Returns:
        A uint32 tensor of shape `(2,)`.

    Example:
    >>> first, second = fold_in(7, 0), fold_in(7, 1)
    """
    if isinstance(number, int | np.integer):
        number = np.uint32(int(number) % 2**32)
    seed = as_seed(seed)
    # The index word is the number's; a constant keeps these words apart from the first element
    # that `uniform` draws from the same seed.
    words = _hash(ops.cast(number, "uint32"), seed[0] + _INCREMENT, seed[1])
    return ops.stack([words[0], words[1]])


def uniform(seed, shape=(), low: float = 0.0, high: float = 1.0):
    """Returns numbers uniform in `[low, high)`.

    Args:
        seed: As for `as_seed`.
        shape: Static shape of the result, at most 2**32 elements.
        low: Lower bound.
        high: Upper bound.

    Returns:
        A float32 tensor of `shape`.

    Example:
    >>> angles = uniform(seed=7, shape=(4,), high=6.2831853)
    """
    words, _ = _bits(seed, math.prod(shape))
    return ops.reshape(low + (high - low) * _to_unit(words), shape)


def normal(seed, shape=()):
    """Returns standard normal numbers by the Box-Muller transform.

    The 24-bit uniform numbers under it bound the result to 5.9 standard deviations.

    Args:
        seed: As for `as_seed`.
        shape: Static shape of the result.

    Returns:
        A float32 tensor of `shape`.

    Example:
    >>> noise = normal(seed=7, shape=(256, 256, 3))
    """
    size = math.prod(shape)
    first, second = _bits(seed, (size + 1) // 2)
    radius = ops.sqrt(-2.0 * ops.log(_to_unit(first) + 0.5 * _UNIT))
    angle = _to_unit(second) * (2.0 * math.pi)
    pairs = ops.concatenate([radius * ops.cos(angle), radius * ops.sin(angle)])
    return ops.reshape(pairs[:size], shape)


def integer(seed, low: int, high):
    """Returns one integer uniform in `[low, high)`; `high` may be a scalar tensor.

    Ranges up to 2**24 are drawn without a gap; the bias is below `(high - low) / 2**24`.

    Args:
        seed: As for `as_seed`.
        low: Smallest value.
        high: One more than the largest value.

    Returns:
        A scalar int32 tensor.

    Example:
    >>> mode = integer(seed=7, low=0, high=8)
    """
    span = ops.cast(high, "int32") - low
    drawn = ops.cast(uniform(seed) * ops.cast(span, "float32"), "int32")
    return low + ops.minimum(drawn, span - 1)


def _bits(seed, size: int):
    seed = as_seed(seed)
    index = ops.cast(ops.arange(size, dtype="int32"), "uint32")
    return _hash(index, seed[0], seed[1])


def _hash(x, y, z):
    """Returns the first two words of pcg3d; the third would cost two more passes."""
    x, y, z = (word * _MULTIPLIER + _INCREMENT for word in (x, y, z))
    x = x + y * z
    y = y + z * x
    z = z + x * y
    x, y, z = (ops.bitwise_xor(w, ops.bitwise_right_shift(w, _HALF_WORD)) for w in (x, y, z))
    x = x + y * z
    y = y + z * x
    return x, y


def _to_unit(words):
    return ops.cast(ops.bitwise_right_shift(words, _UNUSED_BITS), "float32") * _UNIT
