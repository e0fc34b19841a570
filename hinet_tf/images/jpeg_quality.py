"""The quality of a JPEG: a percentage of the standard's quantization tables."""

from pathlib import Path

import numpy as np

# ITU-T T.81, table K.1: what libjpeg scales for luminance.
LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)


def jpeg_quality(path: Path) -> tuple[int, bool]:
    """The quality a JPEG was saved with, and whether its colours are subsampled.

    Args:
        path: Any image file.

    Returns:
        Quality on libjpeg's scale by the nearest quantization table, and subsampling; 95 and
        no subsampling for other formats.
    """
    # Late: degradations need the table alone.
    from PIL import JpegImagePlugin

    try:
        # Not `Image.open`, which refuses photos of 200 megapixels: only the header is read.
        with JpegImagePlugin.JpegImageFile(path) as image:
            table = np.sort(image.quantization[0])
            subsampled = JpegImagePlugin.get_sampling(image) == 2
    except (OSError, SyntaxError, KeyError):
        return 95, False
    candidates = np.arange(1, 101)
    scales = np.where(candidates < 50, 5000 // candidates, 200 - 2 * candidates)
    tables = np.clip((scales[:, np.newaxis] * np.sort(LUMINANCE, axis=None) + 50) // 100, 1, 255)
    return int(candidates[np.abs(tables - table).sum(axis=1).argmin()]), subsampled
