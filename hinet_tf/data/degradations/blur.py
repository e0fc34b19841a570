"""Convolution of an image with one large kernel, in linear light."""

import numpy as np
from keras import ops
from scipy import fft

from hinet_tf.data.degradations.linear_light import to_linear, to_srgb


def blur_light(image, kernel):
    """Blurs an image as optics and shutters do: by averaging light, not sRGB values.

    Beyond the border the image is continued by reflection with the edge pixel repeated.

    Args:
        image: Float tensor `(height, width, channels)` of sRGB values in [0, 1].
        kernel: Tensor `(side, side)` that sums to one; `side` is odd.

    Returns:
        A tensor of the same shape, in [0, 1].

    Example:
    >>> blurred = blur_light(image, disk(3.0, radius=3))
    """
    return to_srgb(ops.clip(blur_linear(to_linear(image), kernel), 0.0, 1.0))


def blur_linear(light, kernel):
    """Blurs linear light; what is brighter than white may be.

    Args:
        light: Float tensor `(height, width, channels)`, continued by reflection beyond the border.
        kernel: Tensor `(side, side)` that sums to one; `side` is odd.

    Returns:
        A tensor of the same shape.

    Example:
    >>> light = blur_linear(4.0 * image, disk(3.0, radius=3))
    """
    radius = kernel.shape[0] // 2
    planes = ops.transpose(light, (2, 0, 1))
    padded = _reflected(_reflected(planes, radius, axis=1), radius, axis=2)
    blurred = convolve(padded, kernel[None])[:, radius:-radius, radius:-radius]
    return ops.transpose(blurred, (1, 2, 0))


def convolve(planes, kernels):
    """Convolves planes with kernels by the Fourier transform.

    For kernels of more than about 9 pixels this is several times faster than a convolution layer
    on a CPU, and its cost does not grow with the kernel. Within half a kernel of the border the
    result means nothing: there the other side comes in.

    Args:
        planes: Float tensor `(count, height, width)`, no smaller than the kernels.
        kernels: Tensor `(1 or count, side, side)`; `side` is odd.

    Returns:
        A float tensor `(count, height, width)`.

    Example:
    >>> convolve(np.ones((3, 32, 40), "float32"), disk(2.0, radius=2)[None]).shape
    TensorShape([3, 32, 40])
    """
    count, height, width = planes.shape
    side = kernels.shape[-1]
    sides = [fft.next_fast_len(size) for size in (height, width)]
    rows, columns = sides[0] - height, sides[1] - width
    planes = ops.pad(planes, ((0, 0), (0, rows), (0, columns)))
    # The kernel's centre belongs at the origin.
    kernels = ops.pad(kernels, ((0, 0), (0, sides[0] - side), (0, sides[1] - side)))
    kernels = ops.roll(kernels, (-(side // 2), -(side // 2)), axis=(1, 2))
    if kernels.shape[0] == 1:
        # A real kernel keeps two real planes apart that are one complex one.
        a, b = ops.fft2((planes[0::2], _even(planes[1::2], count)))
        real, imaginary = _inverse(*_product((a, b), ops.fft2((kernels, ops.zeros_like(kernels)))))
    else:
        zeros = ops.zeros_like(planes)
        a, b = _product(ops.fft2((planes, zeros)), ops.fft2((kernels, zeros)))
        # Of two planes, which are real, one is the imaginary part.
        c, d = _even(a[1::2], count), _even(b[1::2], count)
        real, imaginary = _inverse(a[0::2] - d, b[0::2] + c)
    both = ops.reshape(ops.stack([real, imaginary], axis=1), (-1, *sides))
    return both[:count, :height, :width]


def _even(second, count: int):
    """Completes the second ones of pairs where the last pair has none."""
    return ops.pad(second, ((0, count % 2), (0, 0), (0, 0)))


def _product(first, second):
    (a, b), (c, d) = first, second
    return a * c - b * d, a * d + b * c


def _inverse(real, imaginary):
    """Returns the inverse transform, as the conjugate of the forward one of the conjugate."""
    size = float(np.prod(real.shape[-2:]))
    real, imaginary = ops.fft2((real, -imaginary))
    return real / size, -imaginary / size


def disk(size, radius: int):
    """Returns a disk with a soft edge of one pixel that sums to one.

    Args:
        size: Radius of the disk in pixels, a number or scalar tensor.
        radius: Half the side of the kernel, a Python integer.

    Returns:
        A float32 tensor `(2 * radius + 1, 2 * radius + 1)`.

    Example:
    >>> kernel = disk(2.5, radius=3)
    """
    axis = np.arange(-radius, radius + 1, dtype=np.float32)
    distance = np.hypot(axis[:, None], axis[None, :])
    inside = ops.clip(size + 0.5 - distance, 0.0, 1.0)
    return inside / ops.sum(inside)


def splat(rows, columns, radius: int):
    """Returns the kernel of a point that spends equal times at the given places.

    Each place is shared bilinearly among its four pixels.

    Args:
        rows: Tensor `(count,)` of offsets in pixels, within `radius`.
        columns: Tensor `(count,)` of offsets in pixels, within `radius`.
        radius: Half the side of the kernel, a Python integer.

    Returns:
        A float32 tensor `(2 * radius + 1, 2 * radius + 1)` that sums to one.

    Example:
    >>> splat(np.array([0.0, 0.5]), np.array([0.0, 1.0]), radius=8).shape
    TensorShape([17, 17])
    """
    axis = np.arange(-radius, radius + 1, dtype=np.float32)
    row_shares = ops.maximum(1.0 - ops.abs(rows[:, None] - axis), 0.0)
    column_shares = ops.maximum(1.0 - ops.abs(columns[:, None] - axis), 0.0)
    kernel = ops.matmul(ops.transpose(row_shares), column_shares)
    return kernel / ops.sum(kernel)


def _reflected(values, radius: int, axis: int):
    size = values.shape[axis]
    # Modulo twice the size, because an image may be smaller than the kernel.
    index = np.arange(-radius, size + radius) % (2 * size)
    return ops.take(values, np.minimum(index, 2 * size - 1 - index), axis=axis)
