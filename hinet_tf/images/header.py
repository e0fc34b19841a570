"""What an image file says about itself, read without decoding it."""

import os
import struct
from dataclasses import dataclass
from pathlib import Path

import tifffile
from PIL import Image, UnidentifiedImageError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF")
# 2**28 pixels are 0.8 GB as 8-bit RGB and 3.2 GB as the float copy a restoration needs.
MAX_PIXELS = 2**28


class ImageFileError(ValueError):
    """An image file that cannot be used; the message names the file and what to do.

    Example:
    >>> raise ImageFileError("a.png", "the file is empty", "copy it again")
    Traceback (most recent call last):
    ...
    hinet_tf.images.header.ImageFileError: a.png: the file is empty; copy it again.
    """

    def __init__(self, path: str | os.PathLike[str], problem: str, remedy: str):
        super().__init__(f"{path}: {problem}; {remedy}.")
        self.path = Path(path)
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True)
class ImageHeader:
    """Format and size of an image file.

    Args:
        path: The file.
        format: One of `FORMATS`, told from the content, not from the name.
        height: Rows.
        width: Columns.
        channels: 1 or 3; an alpha channel is not counted.
        bits: 8 or 16 per value.

    Example:
    >>> read_header("photo.jpg").format
    'JPEG'
    """

    path: Path
    format: str
    height: int
    width: int
    channels: int
    bits: int


def read_header(path: str | os.PathLike[str]) -> ImageHeader:
    """Reads the header of a PNG, JPEG, WebP or TIFF file and checks that the file is whole.

    Args:
        path: The file.

    Returns:
        Its format and size.

    Raises:
        ImageFileError: If the file is empty, truncated, no such image, animated, CMYK, not of
            8 or 16 bits, or larger than `MAX_PIXELS`.

    Example:
    >>> read_header("photo.jpg").width
    1024
    """
    path = Path(path)
    if path.stat().st_size == 0:
        raise ImageFileError(path, "the file is empty", "copy it again")
    try:
        with Image.open(path, formats=FORMATS) as image:
            header = _checked(path, image)
    except UnidentifiedImageError:
        header = _wide_tiff(path)
    except Image.DecompressionBombError:
        raise _too_large(path) from None
    except (OSError, SyntaxError, ValueError, struct.error) as error:
        if isinstance(error, ImageFileError | PermissionError | FileNotFoundError):
            raise
        raise ImageFileError(path, f"the file is corrupt ({error})", "copy it again") from error
    if header.height * header.width > MAX_PIXELS:
        raise _too_large(path)
    _check_whole(path, header.format)
    return header


def _too_large(path: Path) -> ImageFileError:
    return ImageFileError(
        path, f"the image has more than {MAX_PIXELS:,} pixels", "cut it into smaller ones"
    )


def _checked(path: Path, image: Image.Image) -> ImageHeader:
    if getattr(image, "n_frames", 1) > 1:
        raise ImageFileError(
            path, f"the file holds {image.n_frames} frames", "save one frame as an image"
        )
    if image.format == "TIFF":
        return _wide_tiff(path)
    mode = image.mode
    if mode in ("CMYK", "YCCK", "LAB"):
        raise ImageFileError(path, f"the colours are {mode}", "convert the file to RGB")
    channels = 1 if mode in ("1", "L", "LA", "I", "I;16", "I;16B") else 3
    bits = 8
    if image.format == "PNG":
        with path.open("rb") as file:
            # Signature, length and type of the header chunk, width and height come before it.
            bits = 16 if file.read(25)[24] == 16 else 8
    return ImageHeader(path, image.format, image.height, image.width, channels, bits)


def _wide_tiff(path: Path) -> ImageHeader:
    """Reads a TIFF header with tifffile: Pillow knows no 16-bit RGB."""
    try:
        with tifffile.TiffFile(path) as file:
            if len(file.pages) > 1:
                raise ImageFileError(
                    path, f"the file holds {len(file.pages)} pages", "save one page as an image"
                )
            page = file.pages[0]
            name = page.photometric.name
            if name not in ("RGB", "MINISBLACK", "YCBCR", "PALETTE"):
                raise ImageFileError(path, f"the colours are {name}", "convert the file to RGB")
            bits = page.bitspersample
            if bits not in (8, 16) or page.sampleformat != 1:
                raise ImageFileError(
                    path, f"the values are {page.dtype}", "save 8-bit or 16-bit unsigned integers"
                )
            ends = [a + b for a, b in zip(page.dataoffsets, page.databytecounts, strict=True)]
            if max(ends, default=0) > path.stat().st_size:
                raise _truncated(path)
            channels = 1 if name == "MINISBLACK" else 3
            return ImageHeader(path, "TIFF", page.imagelength, page.imagewidth, channels, bits)
    except tifffile.TiffFileError:
        raise ImageFileError(
            path, "the content is no PNG, JPEG, WebP or TIFF image", "remove or convert it"
        ) from None


def _truncated(path: Path) -> ImageFileError:
    return ImageFileError(path, "the file is truncated", "copy it again")


def _check_whole(path: Path, format: str) -> None:
    """Finds the usual damage, a file cut short, from its last bytes."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(12)
        # Cameras append data behind the end mark of a JPEG, so it may lie somewhat earlier.
        file.seek(max(size - 65536, 0))
        tail = file.read()
    whole = {
        "PNG": b"IEND" in tail,
        "JPEG": b"\xff\xd9" in tail,
        "WEBP": format != "WEBP" or struct.unpack("<I", start[4:8])[0] + 8 <= size,
        "TIFF": True,
    }
    if not whole[format]:
        raise _truncated(path)
