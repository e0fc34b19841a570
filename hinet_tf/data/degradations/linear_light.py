"""Between sRGB values and linear light (IEC 61966-2-1)."""

from keras import ops

# Below these the curve is a line of slope 12.92. Its two pieces are added, each held at its end
# where the other one counts: a CPU selects between two maps in twice the time of both.
_VALUE, _LIGHT = 0.04045, 0.0031308
# Where the curved pieces begin, and a trifle above what rounding makes of it: black stays 0.
_CURVED_LIGHT = 0.04045 / 12.92 + 1e-8
_CURVED_VALUE = 0.0031308 * 12.92 + 1e-7


def to_linear(image):
    """Returns the linear light that sRGB values stand for; light adds up, sRGB values do not.

    Args:
        image: Float tensor of sRGB values in [0, 1].

    Returns:
        A tensor of the same shape, in [0, 1].

    Example:
    >>> light = to_linear(image)
    """
    curve = _power((ops.maximum(image, _VALUE) + 0.055) / 1.055, 2.4)
    return ops.minimum(image, _VALUE) / 12.92 + ops.maximum(curve - _CURVED_LIGHT, 0.0)


def to_srgb(light):
    """Returns the sRGB values of linear light, the camera's tone curve at its simplest.

    Args:
        light: Float tensor of linear light in [0, 1].

    Returns:
        A tensor of the same shape, in [0, 1].

    Example:
    >>> image = to_srgb(to_linear(image))
    """
    curve = 1.055 * _power(ops.maximum(light, _LIGHT), 1.0 / 2.4)
    return ops.minimum(light, _LIGHT) * 12.92 + ops.maximum(curve - (0.055 + _CURVED_VALUE), 0.0)


def _power(base, exponent: float):
    # Several times faster than `ops.power` on a CPU, and within 1e-6.
    return ops.exp(exponent * ops.log(base))
