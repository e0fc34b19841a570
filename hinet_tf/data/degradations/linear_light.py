"""Between sRGB values and linear light (IEC 61966-2-1)."""

from keras import ops


def to_linear(image):
    """Returns the linear light that sRGB values stand for; light adds up, sRGB values do not.

    Args:
        image: Float tensor of sRGB values in [0, 1].

    Returns:
        A tensor of the same shape, in [0, 1].

    Example:
    >>> light = to_linear(image)
    """
    # Bounded below: the logarithm of a negative number is NaN even where it is not taken.
    curve = _power((ops.maximum(image, 0.0) + 0.055) / 1.055, 2.4)
    return ops.where(image <= 0.04045, image / 12.92, curve)


def to_srgb(light):
    """Returns the sRGB values of linear light, the camera's tone curve at its simplest.

    Args:
        light: Float tensor of linear light in [0, 1].

    Returns:
        A tensor of the same shape, in [0, 1].

    Example:
    >>> image = to_srgb(to_linear(image))
    """
    curve = 1.055 * _power(ops.maximum(light, 0.0031308), 1.0 / 2.4) - 0.055
    return ops.where(light <= 0.0031308, light * 12.92, curve)


def _power(base, exponent: float):
    # Several times faster than `ops.power` on a CPU, and within 1e-6.
    return ops.exp(exponent * ops.log(base))
