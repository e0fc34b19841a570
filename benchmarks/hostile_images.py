"""Time and memory that hostile image files below a megabyte cost before they are refused or read.

    python benchmarks/hostile_images.py

Each file is opened and read as `hinet-restore` does, strip by strip, in a process of its own; the
memory is what that process grew by at most over one that reads a small PNG.
"""

import argparse
import io
import json
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

_CHILD = """
import json, re, sys, time
from pathlib import Path
from hinet_tf.images.image_file import open_image
from hinet_tf.images.image_file_error import ImageFileError
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
open_image(sys.argv[1]).read()
base = peak()
begin = time.process_time(), time.monotonic()
try:
    opened = open_image(sys.argv[2])
    height, width, _ = opened.shape
    read = opened.reader()
    for top in range(0, height, 256):
        read(top, min(256, height - top))
    answer = f"read, {width}x{height}"
except ImageFileError as error:
    answer = f"refused: {error}".replace(sys.argv[2] + ": ", "")
print(json.dumps({
    "answer": answer,
    "cpu": time.process_time() - begin[0],
    "seconds": time.monotonic() - begin[1],
    "megabytes": peak() - base,
}))
"""


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, data: bytes, bits: int = 8, color: int = 2, lace: int = 0):
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, lace)
    start = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)
    return start + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _saved(image: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def _tiff(pixels: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric="rgb", **options)
    return file.getvalue()


def _claims(content: bytes, tag: int, value: int) -> bytes:
    """A little-endian TIFF whose first directory says another value for a tag."""
    changed = bytearray(content)
    (position,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, position)
    for entry in range(position + 2, position + 2 + 12 * count, 12):
        if struct.unpack_from("<H", content, entry)[0] == tag:
            struct.pack_into("<HII", changed, entry + 2, 4, 1, value)
    return bytes(changed)


def hostile_files() -> dict[str, bytes]:
    """Files below a megabyte that claim, or hold, very much."""
    small = np.zeros((64, 64, 3), np.uint8)
    lying = struct.pack(">HH", 65000, 65000)
    jpeg = _saved(Image.fromarray(small), "JPEG")
    frame = jpeg.index(b"\xff\xc0") + 5
    tile = _tiff(small, tile=(16, 16), compression="zlib")
    pyramid = io.BytesIO()
    with tifffile.TiffWriter(pyramid) as writer:
        for level in range(400):
            side = max(16, 512 >> min(level, 5))
            pixels = np.zeros((side, side, 3), np.uint8)
            writer.write(pixels, photometric="rgb", tile=(16, 16), compression="zlib")
    wide = Image.new("RGB", (16383, 16383), (9, 9, 9))
    frames = [Image.new("L", (500, 500), n % 255) for n in range(500)]
    bomb = zlib.compress(bytes(15_000 * (15_000 * 3 + 1)), 9)
    return {
        "PNG, 16 bits, claims 60,000x60,000": _png(60000, 60000, zlib.compress(bytes(99)), 16),
        "PNG, claims 2^31-1 squared": _png(2**31 - 1, 2**31 - 1, zlib.compress(bytes(99))),
        "PNG, truly 15,000x15,000, of zeros": _png(15000, 15000, bomb),
        "PNG, interlaced, truly 8,000x8,000": _png(
            8000, 8000, zlib.compress(bytes(200_000_000), 9), lace=1
        ),
        "JPEG, claims 65,000x65,000": jpeg[:frame] + lying + jpeg[frame + 4 :],
        "JPEG, progressive, truly 9,000x9,000": _saved(
            Image.new("L", (9000, 9000)), "JPEG", progressive=True
        ),
        "WebP, truly 16,383x16,383": _saved(wide, "WEBP", lossless=True, quality=0, method=0),
        "GIF of 500 frames": _saved(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "TIFF, claims 60,000 columns": _claims(tile, 256, 60000),
        "TIFF, claims tiles of 60,000": _claims(tile, 322, 60000),
        "TIFF, a pyramid of 400 pages": pyramid.getvalue(),
        "TIFF, Deflate, truly 12,000x12,000": _tiff(
            np.zeros((12000, 12000, 3), np.uint8), compression="zlib", rowsperstrip=256
        ),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints a table."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args(argv)
    print("| file | bytes | answer | CPU s | wall s | MB |\n|---|---:|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        plain, path = Path(folder) / "plain.png", Path(folder) / "file"
        Image.new("RGB", (64, 64)).save(plain)
        for name, content in hostile_files().items():
            path.write_bytes(content)
            result = subprocess.run(
                [sys.executable, "-c", _CHILD, str(plain), str(path)],
                capture_output=True,
                text=True,
                check=True,
            )
            seen = json.loads(result.stdout.splitlines()[-1])
            print(
                f"| {name} | {len(content):,} | {seen['answer'][:70]} | {seen['cpu']:.2f} "
                f"| {seen['seconds']:.2f} | {seen['megabytes']:.0f} |",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
