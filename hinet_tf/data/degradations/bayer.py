"""A Bayer mosaic and its interpolation, for one plane of values."""

import numpy as np
from keras import ops

# How many pixels the interpolation reads on each side.
REACH = 2

# Interpolation kernels at a pixel that lacks the colour: from its four neighbours of green; from
# the two of its row; from the two of its column; from the four at its corners.
_BILINEAR = np.zeros((4, 5, 5), np.float32)
_BILINEAR[0, 1:4, 1:4] = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / 4
_BILINEAR[1, 2, [1, 3]] = 1 / 2
_BILINEAR[2, [1, 3], 2] = 1 / 2
_BILINEAR[3, 1:4, 1:4] = np.array([[1, 0, 1], [0, 0, 0], [1, 0, 1]]) / 4

# Malvar, He, Cutler: "High-quality linear interpolation for demosaicing of Bayer-patterned color
# images", ICASSP 2004, figure 2: the same, corrected by the gradient of the colour that is there.
_ROW = [
    [0, 0, 0.5, 0, 0],
    [0, -1, 0, -1, 0],
    [-1, 4, 5, 4, -1],
    [0, -1, 0, -1, 0],
    [0, 0, 0.5, 0, 0],
]
_CROSS = [
    [0, 0, -1, 0, 0],
    [0, 0, 2, 0, 0],
    [-1, 2, 4, 2, -1],
    [0, 0, 2, 0, 0],
    [0, 0, -1, 0, 0],
]
_CORNERS = [
    [0, 0, -1.5, 0, 0],
    [0, 2, 0, 2, 0],
    [-1.5, 0, 6, 0, -1.5],
    [0, 2, 0, 2, 0],
    [0, 0, -1.5, 0, 0],
]
_GRADIENT_CORRECTED = np.array([_CROSS, _ROW, np.transpose(_ROW), _CORNERS], np.float32) / 8

# As a kernel of one convolution: a loop over taps takes three times as long on a CPU.
_FILTERS = np.concatenate([_BILINEAR, _GRADIENT_CORRECTED]).transpose(1, 2, 0)[:, :, None]


def bayer_sites(height: int, width: int, phase):
    """Tells which colour each pixel of a sensor measures.

    Args:
        height: Rows.
        width: Columns.
        phase: Integer tensor `(2,)` of 0 or 1: the row and the column of the first red pixel.

    Returns:
        Four float32 tensors `(height, width)` of zeros and ones: red, green in red rows, green in
        blue rows, blue.

    Example:
    >>> red, green_red, green_blue, blue = bayer_sites(4, 4, phase=np.array([0, 0]))
    """
    rows = ops.cast((np.arange(height)[:, None] + phase[0]) % 2, "float32")
    columns = ops.cast((np.arange(width)[None, :] + phase[1]) % 2, "float32")
    return (
        (1.0 - rows) * (1.0 - columns),
        (1.0 - rows) * columns,
        rows * (1.0 - columns),
        rows * columns,
    )


def mosaic(image, sites):
    """Returns the one value that a sensor measures at each pixel.

    Args:
        image: Float tensor `(height, width, 3)`.
        sites: As from `bayer_sites`.

    Returns:
        A tensor `(height, width)`.

    Example:
    >>> raw = mosaic(image, bayer_sites(*image.shape[:2], phase=np.array([0, 1])))
    """
    red, green_red, green_blue, blue = sites
    green = green_red + green_blue
    return red * image[..., 0] + green * image[..., 1] + blue * image[..., 2]


def demosaic(raw, sites, corrected):
    """Interpolates the two colours that each pixel lacks.

    Args:
        raw: Float tensor `(height, width)`, both at least 3.
        sites: As from `bayer_sites`.
        corrected: 0 for bilinear interpolation, 1 for the gradient-corrected one of Malvar et al.;
            both are linear, and a value between mixes them.

    Returns:
        A tensor `(height, width, 3)`.

    Example:
    >>> sites = bayer_sites(*image.shape[:2], phase=np.array([0, 1]))
    >>> demosaic(mosaic(image, sites), sites, corrected=1.0).shape
    TensorShape([64, 96, 3])
    """
    # Reflection about the edge pixel keeps the order of the colours.
    padded = ops.pad(raw, ((REACH, REACH), (REACH, REACH)), mode="reflect")
    bilinear, gradient = ops.split(ops.conv(padded[None, ..., None], _FILTERS), 2, axis=-1)
    filtered = bilinear + corrected * (gradient - bilinear)
    cross, in_row, in_column, corners = ops.unstack(filtered[0], axis=-1)
    red, green_red, green_blue, blue = sites
    green = green_red + green_blue
    return ops.stack(
        [
            red * raw + green_red * in_row + green_blue * in_column + blue * corners,
            green * raw + (red + blue) * cross,
            blue * raw + green_blue * in_row + green_red * in_column + red * corners,
        ],
        axis=-1,
    )
