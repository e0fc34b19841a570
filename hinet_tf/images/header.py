"""What an image file holds, as training needs it."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hinet_tf.images.image_file import MAX_PIXELS, ImageFile, open_image
from hinet_tf.images.image_file_error import ImageFileError


@dataclass(frozen=True)
class ImageHeader:
    """Format and size of an image file.

    Args:
        path: The file.
        format: One of `completeness.FORMATS`, told from the content, not from the name.
        height: Rows of the upright image.
        width: Columns of the upright image.
        channels: 1 or 3; an alpha channel is not counted.
        bits: 8 or 16 per value.
        turned: Whether EXIF data say that the pixels of the file must be turned.
    """

    path: Path
    format: str
    height: int
    width: int
    channels: int
    bits: int
    turned: bool = False


def read_header(path: str | os.PathLike[str]) -> ImageHeader:
    """Reads the header of an image file and checks that the file is whole.

    Args:
        path: A PNG, JPEG, WebP, TIFF or GIF file.

    Returns:
        Its format and size.

    Raises:
        ImageFileError: If `open_image` refuses the file, or it is animated, or not of 8 or 16
            bits.

    Example:
    >>> read_header("photo.jpg").format
    'JPEG'
    """
    return _header(open_image(path, max_pixels=MAX_PIXELS))


def decode_file(header: ImageHeader, dtype: np.dtype | type | None = None) -> np.ndarray:
    """Decodes an image file.

    Args:
        header: The file's header.
        dtype: `np.uint8`, or `np.uint16` to keep 16 bits: 8-bit values are then times 257. By
            default what the file holds.

    Returns:
        An array `(height, width, 1 or 3)`, without alpha.

    Raises:
        ImageFileError: If the content cannot be decoded, or the file has changed.

    Example:
    >>> decode_file(read_header("photo.png")).shape
    (64, 96, 3)
    """
    opened = open_image(header.path, max_pixels=MAX_PIXELS)
    if _header(opened) != header:
        raise ImageFileError(header.path, "the file has changed", "start again")
    return to_dtype(without_alpha(opened.read()), np.dtype(dtype or opened.dtype))


def without_alpha(image: np.ndarray) -> np.ndarray:
    """The first 1 or 3 channels of an image of 1 to 4."""
    return image[..., : 1 if image.shape[-1] < 3 else 3]


def to_dtype(image: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Values of 8 bits as 16, or of 16 as 8, as libpng does it: white stays white."""
    if image.dtype == np.uint8 and dtype == np.uint16:
        return image.astype(np.uint16) * 257
    if image.dtype == np.uint16 and dtype == np.uint8:
        return (image >> 8).astype(np.uint8)
    return image


def _header(opened: ImageFile) -> ImageHeader:
    if opened.pages > 1:
        raise ImageFileError(
            opened.path, f"the file holds {opened.pages} frames", "save one frame as an image"
        )
    if opened.dtype.kind != "u":
        raise ImageFileError(
            opened.path, f"the values are {opened.dtype}", "save 8-bit or 16-bit unsigned integers"
        )
    height, width, bands = opened.shape
    return ImageHeader(
        opened.path,
        opened.format,
        height,
        width,
        channels=1 if bands < 3 else 3,
        bits=opened.dtype.itemsize * 8,
        turned=opened.turned,
    )
