"""Decoding image files without TensorFlow."""

import os

import numpy as np
import tifffile
from PIL import Image

from hinet_tf.images.header import ImageFileError


def decode_in_python(path: str | os.PathLike[str], format: str) -> np.ndarray:
    """Decodes one file with Pillow or tifffile, an alpha channel dropped.

    Args:
        path: The file.
        format: One of `image_header.FORMATS`. A PNG of 16 bits per channel and three channels is
            beyond Pillow.

    Returns:
        A uint8 or uint16 array `(height, width, 1 or 3)`.

    Raises:
        ImageFileError: If it is a TIFF of a compression that cannot be read.
        OSError: If the content is corrupt.

    Example:
    >>> image = decode_in_python("photo.jpg", "JPEG")
    """
    image = _read_tiff(path) if format == "TIFF" else _read_pillow(path)
    image = image[..., np.newaxis] if image.ndim == 2 else image
    return image[..., : 1 if image.shape[2] < 3 else 3]


def _read_pillow(path: str | os.PathLike[str]) -> np.ndarray:
    with Image.open(path) as image:
        if image.mode in ("P", "RGBA", "YCbCr"):
            image = image.convert("RGB")
        elif image.mode == "1":
            image = image.convert("L")
        return np.asarray(image)


def _read_tiff(path: str | os.PathLike[str]) -> np.ndarray:
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        # What tifffile decodes by itself; the rest needs libtiff, which Pillow brings.
        if page.compression.name in ("NONE", "ADOBE_DEFLATE", "DEFLATE"):
            if page.photometric.name in ("RGB", "MINISBLACK"):
                image = page.asarray()
                separate = int(page.planarconfig) == tifffile.PLANARCONFIG.SEPARATE
                return np.moveaxis(image, 0, -1) if separate else image
        elif page.bitspersample == 16:
            raise ImageFileError(
                path,
                f"16 bits compressed with {page.compression.name} cannot be read",
                "save it uncompressed, with Deflate, or as PNG",
            )
    return _read_pillow(path)
