"""The Gaussian filter of images and of noise, its width a tensor."""

import numpy as np
from keras import ops


def gaussian_weights(deviation, reach: int):
    """Returns the weights of a Gaussian filter along one axis; they sum to 1.

    Args:
        deviation: Standard deviation in pixels, a scalar float32 tensor; at most half of `reach`
            keeps 0.95 of the Gaussian.
        reach: Pixels on either side of the middle.

    Returns:
        A float32 tensor of shape `(2 * reach + 1,)`.

    Example:
    >>> gaussian_weights(np.float32(0.8), reach=4).shape
    TensorShape([9])
    """
    offsets = np.arange(-reach, reach + 1, dtype=np.float32)
    weights = ops.exp(-0.5 * ops.square(offsets / deviation))
    return weights / ops.sum(weights)


def filtered(image, weights):
    """Filters rows and columns, and returns what needs no pixel from beyond the border.

    Args:
        image: Float tensor `(height, width, channels)`.
        weights: An odd number of weights, as from `gaussian_weights`.

    Returns:
        A tensor that is `len(weights) - 1` lower and narrower.

    Example:
    >>> filtered(np.ones((16, 16, 3), np.float32), gaussian_weights(np.float32(1), 4)).shape
    TensorShape([8, 8, 3])
    """
    taps = weights.shape[0]
    rows = image.shape[0] - taps + 1
    image = sum(weights[tap] * image[tap : tap + rows] for tap in range(taps))
    columns = image.shape[1] - taps + 1
    return sum(weights[tap] * image[:, tap : tap + columns] for tap in range(taps))
