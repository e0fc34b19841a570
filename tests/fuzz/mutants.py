"""Damaged files for the tests of readers: reproducible by a seed."""

import io
import random

import numpy as np
import tifffile
from PIL import Image


def image_files() -> list[bytes]:
    """Small whole files of every format, layout and compression that the reader takes."""
    rng = np.random.default_rng(0)
    # Smooth, so that every coder has runs and strings to code, with noise in a corner.
    rows, columns = np.mgrid[:24, :40]
    pixels = np.stack([rows * 10, columns * 6, rows + columns], -1).astype(np.uint8)
    pixels[:8, :8] = rng.integers(0, 255, (8, 8, 3), np.uint8)
    image = Image.fromarray(pixels)
    exif = image.getexif()
    exif[0x0112] = 6  # Turned by a quarter.

    def saved(image: Image.Image, format: str, **options: object) -> bytes:
        file = io.BytesIO()
        image.save(file, format, **options)
        return file.getvalue()

    def tiff(pixels: np.ndarray, **options: object) -> bytes:
        file = io.BytesIO()
        tifffile.imwrite(file, pixels, **options)
        return file.getvalue()

    files = [saved(image, name) for name in ("PNG", "JPEG", "WEBP", "GIF")]
    files += [saved(image, name, exif=exif) for name in ("PNG", "JPEG", "WEBP")]
    files += [
        saved(image.convert("L"), "PNG"),
        saved(image.convert("RGBA"), "PNG"),
        saved(image.convert("P"), "PNG"),
        saved(image, "JPEG", progressive=True, subsampling="4:2:0"),
        saved(image, "WEBP", lossless=True),
        saved(Image.fromarray(pixels[..., 0].astype(np.uint16) * 257), "PNG"),
    ]
    for tile in (None, (16, 16)):
        for compression in (None, "zlib"):
            files.append(tiff(pixels, photometric="rgb", tile=tile, compression=compression))
    files += [saved(image, "TIFF", compression=name) for name in ("tiff_lzw", "packbits")]
    files.append(tiff(pixels.astype(np.uint16) * 257, photometric="rgb", byteorder=">"))
    files.append(tiff(np.stack([pixels] * 2), photometric="rgb", bigtiff=True))
    return files


def mutant(rng: random.Random, files: list[bytes]) -> bytes:
    """One of the files cut short, spliced, with a hole of zeros, swapped or changed bytes.

    Args:
        rng: Decides what happens.
        files: Whole files.

    Returns:
        A damaged file.
    """
    content = bytearray(rng.choice(files))
    start = rng.randrange(1, len(content))
    kind = rng.randrange(6)
    if kind == 0:
        return bytes(content[:start])
    if kind == 1:
        return bytes(content[:start]) + rng.choice(files)[start:]
    if kind == 2:
        end = min(start + rng.randrange(1, 300), len(content))
        content[start:end] = bytes(end - start)
    elif kind == 3:
        # A number of a header, as large as it goes.
        content[start : start + rng.choice((2, 4))] = rng.choice((b"\xff\xff", b"\x7f\xff\xff\xff"))
    elif kind == 4:
        length = rng.randrange(1, 40)
        del content[start : start + length]
    else:
        for _ in range(rng.randrange(1, 5)):
            content[rng.randrange(min(len(content), 400))] = rng.randrange(256)
    return bytes(content)
