"""Whether a PNG, JPEG, WebP or GIF file is all there, told without decoding it.

Decoders allocate what a header claims before they look for the pixels, and some answer with black
where pixels are missing. So a file must first have its end mark and enough bytes for its claim.
"""

import re
import struct
from pathlib import Path
from typing import BinaryIO

from hinet_tf.images.image_file_error import corrupt, truncated

# How a file of each format begins.
FORMATS = {
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "JPEG": rb"\xff\xd8\xff",
    "WEBP": rb"RIFF....WEBP",
    "TIFF": rb"II[*+]\0|MM\0[*+]",
    "GIF": rb"GIF8[79]a",
}
# The most that Deflate (RFC 1951: 258 bytes from 2 bits) makes of one byte.
_DEFLATE_RATIO = 1032
# LZW of 12-bit codes: the longest strings have some 4,000 pixels.
_LZW_RATIO = 4096
# One bit for each block of 8 x 8 is the least a Huffman-coded JPEG can say of it.
_JPEG_RATIO = 512
# Cameras append data behind the end mark of a JPEG, phones a film of megabytes. It is sought in
# parts of this size, and first in the last one.
_PART = 65536


def find_format(path: Path) -> str | None:
    """The format of a file, one of `FORMATS`, by its content and not by its name."""
    with path.open("rb") as file:
        start = file.read(16)
    for name, signature in FORMATS.items():
        if re.match(signature, start, re.DOTALL):
            return name
    return None


def check_complete(path: Path, format: str) -> int:
    """Checks that the content of a file is all there, in time that does not depend on its claims.

    Args:
        path: The file.
        format: `"PNG"`, `"JPEG"`, `"WEBP"` or `"GIF"`.

    Returns:
        Frames of an animated PNG, which its decoder does not tell; else 1.

    Raises:
        ImageFileError: If the file lacks its end, or is too small for what it claims to hold.
        struct.error: If a header of the file ends too early.
    """
    check = {"PNG": _check_png, "JPEG": _check_jpeg, "WEBP": _check_webp, "GIF": _check_gif}
    with path.open("rb") as file:
        return check[format](path, file, path.stat().st_size)


def _check_png(path: Path, file: BinaryIO, size: int) -> int:
    frames, data, needed = 1, 0, 0
    kind, position = b"", 8
    while kind != b"IEND":
        file.seek(position)
        length, kind = struct.unpack(">I4s", file.read(8))
        if position + 12 + length > size:
            raise truncated(path)
        if kind == b"IHDR":
            width, height, bits, color = struct.unpack(">IIBB", file.read(10))
            values = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(color, 1)
            needed = height * (width * values * bits // 8)
        elif kind == b"IDAT":
            data += length
        elif kind == b"acTL":
            (frames,) = struct.unpack(">I", file.read(4))
        position += 12 + length
    if needed > data * _DEFLATE_RATIO:
        raise truncated(path)
    return frames


def _check_jpeg(path: Path, file: BinaryIO, size: int) -> int:
    position, pixels = 2, 0
    while True:
        file.seek(position)
        mark, kind = struct.unpack(">BB", file.read(2))
        if mark != 0xFF:
            raise corrupt(path, "a segment does not follow another")
        if kind in (0xFF, 0x01) or 0xD0 <= kind <= 0xD8:  # Padding and marks without a segment.
            position += 1 if kind == 0xFF else 2
            continue
        if kind == 0xD9:
            raise truncated(path)
        (length,) = struct.unpack(">H", file.read(2))
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            _, height, width = struct.unpack(">BHH", file.read(5))
            pixels = height * width
        position += 2 + length
        if kind == 0xDA:
            break
    # Before the scan an end mark belongs to the thumbnail.
    is_too_small = pixels > (size - position) * _JPEG_RATIO
    if is_too_small or not _has_end_mark(file, position, size):
        raise truncated(path)
    return 1


def _has_end_mark(file: BinaryIO, position: int, size: int) -> bool:
    """Whether the data from a position on holds the mark, which no coded pixels contain."""
    for start in (max(size - _PART, position), *range(position, size, _PART)):
        file.seek(start)
        # The mark may lie across two parts.
        if b"\xff\xd9" in file.read(_PART + 1):
            return True
    return False


def _check_webp(path: Path, file: BinaryIO, size: int) -> int:
    (length,) = struct.unpack("<I", file.read(8)[4:])
    if length + 8 > size:
        raise truncated(path)
    return 1


def _check_gif(path: Path, file: BinaryIO, size: int) -> int:
    width, height, flags = struct.unpack("<6xHHB2x", file.read(13))
    if width * height > size * _LZW_RATIO:
        raise truncated(path)
    file.seek(_color_table(flags), 1)
    while True:
        kind = file.read(1)
        if kind == b";":
            return 1
        if kind == b"!":
            file.seek(1, 1)
        elif kind == b",":
            (flags,) = struct.unpack("<8xB", file.read(9))
            file.seek(_color_table(flags) + 1, 1)
        else:
            raise truncated(path)
        while (length := struct.unpack("B", file.read(1))[0]) > 0:
            file.seek(length, 1)


def _color_table(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0
