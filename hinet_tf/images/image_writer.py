"""Image files out: the format, quality, profile and EXIF of their source."""

import math
import struct
from pathlib import Path
from typing import Any

import pyvips

from hinet_tf.images.image_file import ImageFile, vips_reason
from hinet_tf.images.jpeg_quality import jpeg_quality

_INTERPRETATIONS = {
    ("uchar", 1): "b-w", ("uchar", 3): "srgb", ("ushort", 1): "grey16", ("ushort", 3): "rgb16",
    ("float", 1): "b-w", ("float", 3): "scrgb", ("double", 1): "b-w", ("double", 3): "scrgb",
}  # fmt: skip

# Suffixes that can be written, and the bits that a channel of theirs holds at most.
BITS = {".png": 16, ".jpg": 8, ".jpeg": 8, ".webp": 8, ".tif": 64, ".tiff": 64}
# Largest sides: 16 bits of JPEG (ITU-T T.81, B.2.2), 14 of WebP (RFC 9649, 2.6).
_LARGEST = {".jpg": 65_535, ".jpeg": 65_535, ".webp": 16_383}


def check_target(source: ImageFile, target: Path) -> None:
    """Refuses a format that cannot hold the source, before any work is done.

    Raises:
        ValueError: If the format is unknown, is made for smaller images, or lacks the depth or the
            alpha channel.
    """
    suffix = target.suffix.lower()
    bits = source.dtype.itemsize * 8
    limit = BITS.get(suffix)
    if limit is None:
        raise ValueError(
            f"Cannot write {target.name}. Expected the suffix .png, .jpg, .webp or .tif."
        )
    if bits > limit:
        raise ValueError(
            f"{suffix} holds {limit} bits per channel. Received: {source.path} with {bits}; use "
            f"{'.tif' if bits > 16 else '.png or .tif'}."
        )
    height, width = source.shape[:2]
    if max(height, width) > _LARGEST.get(suffix, math.inf):
        raise ValueError(
            f"{suffix} holds at most {_LARGEST[suffix]} pixels a side. Received: {source.path} of "
            f"{width}x{height}; use .png or .tif."
        )
    if suffix in (".jpg", ".jpeg") and source.shape[2] in (2, 4):
        raise ValueError(f"{suffix} has no alpha channel. Received: {source.path}; use .png.")


def write_image(
    raw: Path, pages: int, source: ImageFile, target: Path, quality: int | None = None
) -> None:
    """Encodes raw pixels with the metadata of their source.

    Args:
        raw: A file of the pixels of all pages, row by row, in the source's data type.
        pages: Pages in `raw`, one below the other.
        source: The file whose size, type, profile and EXIF the result takes.
        target: The file to write.
        quality: Of JPEG and WebP, 1 to 100; `None` for that of a JPEG source, no loss where the
            source had none, else 95.

    Raises:
        ValueError: If the encoder fails.
        OSError: If the disk is full.
    """
    height, width, channels = source.shape
    pixel_format = source.image.format
    try:
        image = pyvips.Image.rawload(
            str(raw),
            width,
            height * pages,
            channels,
            format=pixel_format,
            interpretation=_INTERPRETATIONS[pixel_format, 3 if channels > 2 else 1],
            access="sequential",
            revalidate=True,
        )
        image = image.copy(xres=source.image.xres, yres=source.image.yres)
        metadata = source.metadata()
        for name, (kind, value) in metadata.items():
            image.set_type(kind, name, value)
        # The pixels are upright now, whatever the EXIF data of the source says.
        image.set_type(pyvips.GValue.gint_type, "orientation", 1)
        if pages > 1:
            image.set_type(pyvips.GValue.gint_type, "page-height", height)
        # Else libvips would add an EXIF block to files that had none.
        exif = "exif-data" in metadata or _needs_exif(source, target)
        keep = "all" if exif else "icc|xmp|iptc|other"
        options = _options(source, target, quality, raw.stat().st_size)
        image.write_to_file(str(target), keep=keep, **options)
    except pyvips.Error as error:
        raise ValueError(f"Cannot write {target.name}: {vips_reason(error)}.") from error


def _needs_exif(source: ImageFile, target: Path) -> bool:
    """Whether a resolution for printing, which the source states, has no other place."""
    states = bool(source.image.get_typeof("resolution-unit"))
    # Of a PNG only the value is known; libvips takes 72 dpi where there is none.
    states = states or not math.isclose(source.image.xres, 72 / 25.4, rel_tol=1e-3)
    return states and target.suffix.lower() in (".jpg", ".jpeg", ".webp")


def _options(
    source: ImageFile, target: Path, quality: int | None, raw_bytes: int
) -> dict[str, Any]:
    suffix = target.suffix.lower()
    if suffix in (".jpg", ".jpeg"):
        own_quality, subsampled = jpeg_quality(source.path)
        return {
            "Q": quality or own_quality,
            "subsample_mode": "on" if subsampled else "off",
            "optimize_coding": True,
        }
    if suffix == ".webp":
        if quality is None and _is_lossless(source.path):
            # The colours below transparent pixels as well.
            return {"lossless": True, "exact": True}
        return {"Q": quality or 95}
    if suffix in (".tif", ".tiff"):
        # The one for floats is read by few programs.
        predictor = "none" if source.dtype.kind == "f" else "horizontal"
        return {
            "compression": "deflate",
            "predictor": predictor,
            # What is compressed may be larger than raw; a plain TIFF ends at 4 GiB.
            "bigtiff": raw_bytes > 2**31,
        }
    return {"compression": 6}


def _is_lossless(path: Path) -> bool:
    """Whether a WebP or PNG-like source was stored without loss."""
    if path.suffix.lower() != ".webp":
        return path.suffix.lower() not in (".jpg", ".jpeg")
    with path.open("rb") as file:
        # Chunks of the RIFF container (RFC 9649): name, size, content, a byte where that is odd.
        file.seek(12)
        while len(head := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", head)
            if name in (b"VP8 ", b"VP8L"):
                return name == b"VP8L"
            # A frame of an animation has chunks of its own behind 16 bytes.
            file.seek(16 if name == b"ANMF" else size + size % 2, 1)
    return False
