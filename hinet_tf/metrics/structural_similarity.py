"""SSIM in the variants that published figures use."""

import numpy as np
from scipy.ndimage import correlate1d

# Wang et al., 2004, section III.B: 11 taps, standard deviation 1.5, and the constants that keep the
# quotients finite in flat regions.
WINDOW, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03
RADIUS = WINDOW // 2
PEAK = 255.0  # What every protocol scores on: 0 to 255.
BAND_ROWS = 48  # A band of this height stays in the processor's cache.


def structural_similarity(restored: np.ndarray, target: np.ndarray, variant: str) -> float:
    """Mean structural similarity of two images (Wang et al., 2004).

    Args:
        restored: Float64, `(height, width, channels)`, 0 to 255.
        target: The same shape.
        variant: `"volume"`, `"volume_float32"`, `"replicate"` or `"valid"`, see
            `EvaluationProtocol`.

    Returns:
        A number up to 1; 1 only for equal images.

    Raises:
        ValueError: If the image is smaller than the window of the `"valid"` variant.
    """
    height, width = restored.shape[:2]
    if variant == "valid" and min(height, width) < WINDOW:
        raise ValueError(
            f"SSIM over whole windows needs at least {WINDOW}x{WINDOW} pixels. Received: an "
            f"image of {width}x{height}. Use a larger image or the 'hinet' protocol."
        )
    if variant == "volume_float32":
        restored, target = restored.astype(np.float32), target.astype(np.float32)
    blur = {"volume": _blur_volume, "volume_float32": _blur_volume_float32}.get(
        variant, _blur_plane
    )
    c1, c2 = (K1 * PEAK) ** 2, (K2 * PEAK) ** 2

    mean_r, mean_t = blur(restored), blur(target)
    variance_r = blur(restored**2) - mean_r**2
    variance_t = blur(target**2) - mean_t**2
    covariance = blur(restored * target) - mean_r * mean_t
    similarity = ((2 * mean_r * mean_t + c1) * (2 * covariance + c2)) / (
        (mean_r**2 + mean_t**2 + c1) * (variance_r + variance_t + c2)
    )
    if variant == "valid":
        similarity = similarity[RADIUS : height - RADIUS, RADIUS : width - RADIUS]
    return float(similarity.mean(dtype=np.float64))


def gaussian() -> np.ndarray:
    """The window along one axis."""
    offsets = np.arange(WINDOW) - RADIUS
    taps = np.exp(-(offsets**2) / (2 * SIGMA**2))
    return taps / taps.sum()


def _blur_plane(image: np.ndarray, axes: tuple[int, ...] = (0, 1)) -> np.ndarray:
    for axis in axes:
        image = correlate1d(image, gaussian(), axis=axis, mode="nearest")
    return image


def _blur_volume(image: np.ndarray) -> np.ndarray:
    return _blur_plane(image, axes=(0, 1, 2))


def _blur_volume_float32(image: np.ndarray) -> np.ndarray:
    """The 1331 taps one after the other in float32, as the official 3-D convolution sums them.

    The rounding of that sum moves the official SSIM by 2e-5 against exact arithmetic, always
    the same way, so that only the same order of additions gives the official figure.
    """
    height, width, channels = image.shape
    taps = gaussian()
    kernel = np.einsum("i,j,k->ijk", taps, taps, taps).astype(np.float32)
    planes = [np.pad(image[..., c], RADIUS, mode="edge") for c in range(channels)]
    blurred = np.zeros_like(image, order="C", shape=(channels, height, width))
    for top in range(0, height, BAND_ROWS):
        rows = min(BAND_ROWS, height - top)
        product = np.empty((rows, width), np.float32)
        for i, j in np.ndindex(WINDOW, WINDOW):
            shifted = [plane[top + i : top + i + rows, j : j + width] for plane in planes]
            for k, c in np.ndindex(WINDOW, channels):
                source = shifted[min(max(c + k - RADIUS, 0), channels - 1)]
                np.multiply(source, kernel[i, j, k], out=product)
                blurred[c, top : top + rows] += product
    return np.moveaxis(blurred, 0, -1)
