"""Image files in: every depth, layout and orientation, with their metadata."""

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyvips

from hinet_tf.images.completeness import check_complete, find_format
from hinet_tf.images.image_file_error import ImageFileError, corrupt, truncated
from hinet_tf.images.tiff_page import TiffPage, read_tiff_page

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif")

# Above what any camera or scanner of a photo makes, below what exhausts a disk.
MAX_PIXELS = 500_000_000
# Of a photograph a byte holds at most some hundred pixels. Small plain pictures are let be.
_PLAIN_PIXELS, _PIXELS_PER_BYTE = 2**24, 4096

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
        format: One of `completeness.FORMATS`, told from the content, not from the name.
        image: The lazily decoded pixels.
        pages: Pages or frames of the file.
        dtype: Data type of the pixels.
        turned: Whether the pixels lie otherwise in the file than `image` gives them.
        tiff: The page, if it is one of a TIFF file.
    """

    path: Path
    format: str
    image: pyvips.Image
    pages: int
    dtype: np.dtype
    turned: bool = False
    tiff: TiffPage | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the upright image."""
        return self.image.height, self.image.width, self.image.bands

    def reader(self) -> Any:
        """A function from a first row and a number of rows to pixels; call it downwards."""
        if self.tiff:
            self.tiff.check_sums()
        region = pyvips.Region.new(self.image)
        _, width, channels = self.shape

        def read(top: int, rows: int) -> np.ndarray:
            if rows == 0:
                return np.zeros((0, width, channels), self.dtype)
            try:
                data = region.fetch(0, top, width, rows)
            except pyvips.Error as error:
                raise corrupt(self.path, vips_reason(error)) from error
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
    """Opens an image file without decoding it yet, after a check that its content is all there.

    Args:
        path: A PNG, JPEG, WebP, TIFF or GIF file.
        page: Which page or frame, from 0.
        max_pixels: Larger images are refused before they are decoded; a few kilobytes can
            claim to be gigabytes of pixels.

    Returns:
        The open file, turned upright as its EXIF orientation says.

    Raises:
        ImageFileError: If the file is missing, empty, damaged, too large, or holds something
            else than gray or RGB pixels of 8 or 16 bits or float.

    Example:
    >>> open_image("photo.jpg").shape
    (64, 96, 3)
    """
    path = Path(path)
    _check_path(path)
    try:
        return _open(path, page, max_pixels)
    except ImageFileError:
        raise
    except pyvips.Error as error:
        raise corrupt(path, vips_reason(error)) from error
    except struct.error as error:  # A header that ends too early.
        raise truncated(path) from error
    except OSError as error:  # Also a position beyond what any file can have.
        raise corrupt(path, error.strerror or str(error)) from error
    # What damaged headers do to their readers has no common error; the file is at fault.
    except (ValueError, LookupError, TypeError, ArithmeticError, MemoryError) as error:
        raise corrupt(path, f"{type(error).__name__}: {error}") from error


def _open(path: Path, page: int, max_pixels: int) -> ImageFile:
    format = find_format(path)
    if format is None:
        raise ImageFileError(
            path,
            "not a readable image: the content is no PNG, JPEG, WebP or TIFF, and no GIF",
            "remove or convert it",
        )
    tiff = read_tiff_page(path, page, max_pixels) if format == "TIFF" else None
    frames = tiff.pages if tiff else check_complete(path, format)

    def load(access: str) -> pyvips.Image:
        if tiff:
            # Only as warnings does libvips tell of tiles that it cannot decode.
            return tiff.open(access=access, fail_on="warning")
        # Without `revalidate` libvips may answer with what it read from an earlier file there.
        return pyvips.Image.new_from_file(
            str(path),
            access=access,
            fail_on="warning" if format == "GIF" else "error",
            revalidate=True,
            **({"page": page} if page else {}),
        )

    image = load("sequential")
    if image.width * image.height > max_pixels:
        raise ImageFileError(
            path,
            f"the image has more than {max_pixels:,} pixels ({image.width}x{image.height})",
            "cut it into smaller ones, or raise --max-pixels of hinet-restore if you trust it",
        )
    # Constant colour compresses without limit: 38 bytes of WebP are 268 megapixels.
    pixels, size = image.width * image.height, path.stat().st_size
    if pixels > _PLAIN_PIXELS and pixels > size * _PIXELS_PER_BYTE:
        raise ImageFileError(
            path,
            f"{size:,} bytes claim {image.width}x{image.height} pixels, which is no photograph",
            "check where it comes from",
        )
    _check_pixels(path, image)
    turned = bool(image.get_typeof("orientation")) and image.get("orientation") not in (0, 1)
    if turned:
        # Turning needs pixels out of order; what exceeds 100 MB libvips keeps on disk.
        image = load("random").autorot()
    if not tiff and image.get_typeof("n-pages"):
        frames = image.get("n-pages")
    return ImageFile(path, format, image, frames, np.dtype(_DTYPES[image.format]), turned, tiff)


def vips_reason(error: pyvips.Error) -> str:
    """The last cause that libvips names, as one line."""
    lines = [line.strip() for line in (error.detail or error.message).splitlines()]
    return next((line for line in reversed(lines) if line), "unknown reason")


def _check_path(path: Path) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise ImageFileError(path, "its name is no UTF-8", "rename it") from None
    if path.is_dir():
        if not os.access(path, os.R_OK | os.X_OK):
            raise ImageFileError(path, "No permission to read it", "change its permissions")
        raise ImageFileError(path, "a directory, where an image file is expected", "name a file")
    if not path.exists():
        raise ImageFileError(path, "No such file", "check its name")
    if not path.is_file():
        raise ImageFileError(path, "no regular file", "name an image file")
    if path.stat().st_size == 0:
        raise ImageFileError(path, "the file is empty (0 bytes)", "copy it again")
    if not os.access(path, os.R_OK):
        raise ImageFileError(path, "No permission to read it", "change its permissions")


def _check_pixels(path: Path, image: pyvips.Image) -> None:
    if image.interpretation in ("cmyk", "lab", "labs"):
        name = image.interpretation.upper()
        raise ImageFileError(path, f"the colours are {name}", "convert the file to RGB")
    if image.format not in _DTYPES or image.bands > 4:
        raise ImageFileError(
            path,
            f"{image.bands} channels of type {image.format}",
            "expected 1 to 4 channels of 8 or 16 bits or float",
        )
