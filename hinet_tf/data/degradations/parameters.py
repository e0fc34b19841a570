"""Parameters of degradations that are one value or a range to draw from."""

import math

from keras import ops

from hinet_tf.data.random_numbers import uniform

Range = float | tuple[float, float]


def as_range(name: str, value: Range, minimum: float, maximum: float) -> tuple[float, float]:
    """Returns `(low, high)` of a parameter given as one value or as a pair.

    Args:
        name: The parameter's name, for the error.
        value: A number, or a pair `(low, high)`.
        minimum: Smallest value that makes sense.
        maximum: Largest value that makes sense.

    Returns:
        The pair of floats.

    Raises:
        ValueError: If the value is no number or pair of numbers between the bounds.

    Example:
    >>> as_range("sigma", 25, 0, 255)
    (25.0, 25.0)
    """
    try:
        low, high = value if isinstance(value, list | tuple) else (value, value)
        low, high = float(low), float(high)
    except (TypeError, ValueError):
        low = high = math.nan
    if not minimum <= low <= high <= maximum:
        raise ValueError(
            f"`{name}` is {value!r}; expected a number between {minimum:g} and {maximum:g}, "
            f"or a pair (low, high) of them."
        )
    return low, high


def draw(seed, bounds: tuple[float, float], logarithmic: bool = False):
    """Draws one value of a parameter, uniformly or with a uniform logarithm.

    Args:
        seed: A seed as in `random_numbers.as_seed`.
        bounds: `(low, high)` as from `as_range`.
        logarithmic: Whether the logarithm is uniform; needs `low > 0`.

    Returns:
        A scalar float32 tensor.

    Example:
    >>> sigma = draw(seed=7, bounds=(0.0, 50.0))
    """
    low, high = bounds
    if logarithmic:
        return ops.exp(uniform(seed, (), math.log(low), math.log(high)))
    return uniform(seed, (), low, high)
