"""Image files in: every depth, layout and orientation, with their metadata."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyvips

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif")

# Above what any camera or scanner of a photo makes, below what exhausts a disk.
MAX_PIXELS = 500_000_000

_DTYPES = {"uchar": np.uint8, "ushort": np.uint16, "float": np.float32, "double": np.float64}
_METADATA = (
    *("exif-data", "icc-profile-data", "xmp-data", "iptc-data", "resolution-unit"),
    *("delay", "loop"),  # Of animations.
)


@dataclass(frozen=True)
class ImageFile:
    """One page of an image file, upright, read from top to bottom.

    Pixels keep the values of the file: they are not converted to sRGB, because the restored
    file carries the same colour profile.

    Args:
        path: The file.
        image: The lazily decoded pixels.
        pages: Pages or frames of the file.
        dtype: Data type of the pixels.
    """

    path: Path
    image: pyvips.Image
    pages: int
    dtype: np.dtype

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the upright image."""
        return self.image.height, self.image.width, self.image.bands

    def reader(self) -> Any:
        """A function from a first row and a number of rows to pixels; call it downwards."""
        region = pyvips.Region.new(self.image)
        _, width, channels = self.shape

        def read(top: int, rows: int) -> np.ndarray:
            if rows == 0:
                return np.zeros((0, width, channels), self.dtype)
            try:
                data = region.fetch(0, top, width, rows)
            except pyvips.Error as error:
                raise ValueError(
                    f"{self.path} is truncated or damaged: {vips_reason(error)}."
                ) from error
            return np.frombuffer(data, self.dtype).reshape(rows, width, channels)

        return read

    def read(self) -> np.ndarray:
        """All pixels, `(height, width, channels)`."""
        return self.reader()(0, self.image.height)

    def metadata(self) -> dict[str, tuple[Any, Any]]:
        """EXIF, colour profile, XMP and IPTC data and resolution: name -> (type, value)."""
        present = set(self.image.get_fields())
        return {
            name: (self.image.get_typeof(name), self.image.get(name))
            for name in _METADATA
            if name in present
        }


def open_image(
    path: str | os.PathLike[str], page: int = 0, max_pixels: int = MAX_PIXELS
) -> ImageFile:
    """Opens an image file without decoding it yet.

    Args:
        path: A PNG, JPEG, WebP, TIFF or GIF file.
        page: Which page or frame, from 0.
        max_pixels: Larger images are refused before they are decoded; a few kilobytes can
            claim to be gigabytes of pixels.

    Returns:
        The open file, turned upright as its EXIF orientation says.

    Raises:
        ValueError: If the file is missing, empty, damaged, too large, or holds something else
            than gray or RGB pixels of 8 or 16 bits or float.

    Example:
    >>> open_image("photo.jpg").shape  # doctest: +SKIP
    (3000, 4000, 3)
    """
    path = Path(path)
    _check_path(path)
    image = _load(path, page, "sequential")
    if image.width * image.height > max_pixels:
        raise ValueError(
            f"{path} has {image.width}x{image.height} pixels, more than the limit of "
            f"{max_pixels:,}; raise it with --max-pixels if you trust the file."
        )
    _check_pixels(path, image)
    if image.get_typeof("orientation") and image.get("orientation") not in (0, 1):
        # Turning needs pixels out of order; what exceeds 100 MB libvips keeps on disk.
        image = _load(path, page, "random").autorot()
    pages = image.get("n-pages") if image.get_typeof("n-pages") else 1
    return ImageFile(path, image, pages, np.dtype(_DTYPES[image.format]))


def vips_reason(error: pyvips.Error) -> str:
    """The last cause that libvips names, as one line."""
    lines = [line.strip() for line in (error.detail or error.message).splitlines()]
    return next((line for line in reversed(lines) if line), "unknown reason")


def _check_path(path: Path) -> None:
    if path.is_dir():
        raise ValueError(f"Expected an image file. Received: the directory {path}.")
    if not path.exists():
        raise ValueError(f"No such file: {path}.")
    if path.stat().st_size == 0:
        raise ValueError(f"{path} is empty (0 bytes).")
    if not os.access(path, os.R_OK):
        raise ValueError(f"No permission to read {path}.")


def _load(path: Path, page: int, access: str) -> pyvips.Image:
    options = {"page": page} if page else {}
    try:
        # Without `revalidate` libvips may answer with what it read from an earlier file there.
        return pyvips.Image.new_from_file(
            str(path), access=access, fail_on="error", revalidate=True, **options
        )
    except pyvips.Error as error:
        raise ValueError(f"{path} is not a readable image: {vips_reason(error)}.") from error


def _check_pixels(path: Path, image: pyvips.Image) -> None:
    if image.get_typeof("bits-per-sample") and image.get("bits-per-sample") == 1:
        raise ValueError(
            f"{path} is a 1-bit image, which has no shades to restore; convert it to 8-bit gray."
        )
    if image.interpretation in ("cmyk", "lab", "labs"):
        raise ValueError(
            f"{path} is a {image.interpretation.upper()} image. Expected gray or RGB: convert it."
        )
    if image.format not in _DTYPES or image.bands > 4:
        raise ValueError(
            f"{path} holds {image.bands} channels of type {image.format}. Expected 1 to 4 "
            "channels of 8 or 16 bits or float."
        )
