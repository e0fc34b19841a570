"""A page of a TIFF file, checked and cut free from everything else in the file."""

import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyvips

from hinet_tf.images.image_file_error import ImageFileError, corrupt, truncated

# A file below a megabyte can claim 50,000 pages; no series of photographs has that many.
_MAX_PAGES = 10_000
# Decoders hold whole tiles, whatever the size of the image.
_MAX_TILE_BYTES = 2**28

_TYPES = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8"}
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_STRIPS, _SAMPLES, _ROWS_PER_STRIP, _STRIP_BYTES, _PLANES = 273, 277, 278, 279, 284
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES = 322, 323, 324, 325
# Baseline, tables of the codecs, extra samples, chroma, and the metadata that results carry: XMP,
# IPTC, Photoshop's and the colour profile. What else a file says cannot change a pixel.
_KEPT = {
    *(256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 282, 283, 284, 292, 293, 296),
    *(317, 320, 322, 323, 324, 325, 338, 339, 347, 529, 530, 531, 532),
    *(700, 33723, 34377, 34675),
}
# The most that one stored byte can become: none, LZW, Deflate (two numbers), PackBits.
_RATIOS = {1: 1, 5: 4096, 8: 1032, 32946: 1032, 32773: 64}
_YCBCR = 6
_DEFLATE = (8, 32946)


@dataclass(frozen=True)
class TiffPage:
    """Where one page lies, and what replaces its directory.

    Args:
        path: The file.
        pages: Pages in the file.
        deflated: Positions and sizes of its strips where they are compressed with Deflate.
        patches: Bytes that replace others: position -> bytes. With them the page is the only
            one, and its directory holds only what describes pixels.
    """

    path: Path
    pages: int
    deflated: tuple[tuple[int, int], ...]
    patches: Mapping[int, bytes]

    def open(self, **options: Any) -> pyvips.Image:
        """The page as a lazy image; see `pyvips.Image.new_from_source`."""
        file = self.path.open("rb")
        source = pyvips.SourceCustom()

        def seek(offset: int, whence: int) -> int:
            try:
                return file.seek(offset, whence)
            except (OSError, ValueError):  # Beyond what a file can have: libvips asks for -1.
                return -1

        def read(length: int) -> bytes:
            start = file.tell()
            data = bytearray(file.read(length))
            for position, patch in self.patches.items():
                first = max(position, start)
                last = min(position + len(patch), start + len(data))
                if first < last:
                    data[first - start : last - start] = patch[first - position : last - position]
            return bytes(data)

        source.on_read(read)
        source.on_seek(seek)
        return pyvips.Image.new_from_source(source, "", **options)

    def check_sums(self) -> None:
        """Checks the checksum of each Deflate strip, which libtiff ignores.

        Raises:
            ImageFileError: If a strip is damaged.
        """
        with self.path.open("rb") as file:
            for position, length in self.deflated:
                file.seek(position)
                stream = zlib.decompressobj()
                try:
                    while length and not stream.eof:
                        data = file.read(min(length, 2**16))
                        length -= len(data)
                        while data and not stream.eof:
                            stream.decompress(data, 2**20)
                            data = stream.unconsumed_tail
                except zlib.error as error:
                    raise corrupt(self.path, error) from error
                if not stream.eof:
                    raise truncated(self.path)


def read_tiff_page(path: Path, page: int, max_pixels: int) -> TiffPage:
    """Reads the directory of one page, and checks that its pixels are all there.

    Args:
        path: A TIFF or BigTIFF file.
        page: From 0.
        max_pixels: Larger pages are not looked into; who opens them refuses them.

    Returns:
        The page.

    Raises:
        ImageFileError: If directories form a loop, or tiles or strips are missing or lie outside
            the file.
        struct.error: If a directory ends too early.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        layout = _Layout(file)
        directories = layout.directories(path)
        if page >= len(directories):
            raise ImageFileError(path, f"the file has no page {page + 1}", "choose another page")
        start = directories[page]
        entries = layout.entries(start)
        values = {number: layout.values(entry, size) for number, entry in entries.items()}
        _check_data(path, values, size, max_pixels)
    deflated = ()
    compression = values.get(_COMPRESSION)
    if _TILE_WIDTH not in values and compression is not None and compression[0] in _DEFLATE:
        strips, sizes = values.get(_STRIPS), values.get(_STRIP_BYTES)
        if strips is None or sizes is None:
            raise corrupt(path, "where its strips lie is not stored as numbers")
        deflated = tuple(zip(strips.tolist(), sizes.tolist(), strict=False))
    kept = [entry for number, entry in sorted(entries.items()) if number in _KEPT]
    directory = struct.pack(layout.count, len(kept)) + b"".join(kept)
    patches = {
        layout.first: struct.pack(layout.pointer, start),
        start: directory + bytes(struct.calcsize(layout.pointer)),
    }
    for where, sizes in ((_STRIPS, _STRIP_BYTES), (_TILES, _TILE_BYTES)):
        offsets, counts = values.get(where), values.get(sizes)
        for position, patch in patches.items() if offsets is not None else ():
            first = offsets.astype(np.int64)
            last = first + (1 if counts is None else counts[: len(first)].astype(np.int64))
            if ((first < position + len(patch)) & (last > position)).any():
                raise corrupt(path, "its pixels lie where its directory lies")
    return TiffPage(path, len(directories), deflated, patches)


class _Layout:
    """The formats of numbers in a file: either byte order, classic or BigTIFF."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        start = file.read(4)
        order = "<" if start[:2] == b"II" else ">"
        big = 43 in start
        self.order = order
        self.first = 8 if big else 4
        self.count = order + ("Q" if big else "H")
        self.pointer = order + ("Q" if big else "I")
        self._entry = struct.Struct(order + ("HHQ8s" if big else "HHI4s"))

    def directories(self, path: Path) -> list[int]:
        """Positions of the pages' directories."""
        found: dict[int, None] = {}
        position = self._number(self.pointer, self.first)
        while position:
            if position in found:
                raise corrupt(path, "its list of pages is a loop")
            if len(found) == _MAX_PAGES:
                raise ImageFileError(path, f"more than {_MAX_PAGES:,} pages", "split the file")
            found[position] = None
            count = self._number(self.count, position)
            end = position + struct.calcsize(self.count) + count * self._entry.size
            position = self._number(self.pointer, end)
        if not found:
            raise truncated(path)
        return list(found)

    def entries(self, position: int) -> dict[int, bytes]:
        """The entries of a directory as they are stored, by tag."""
        count = self._number(self.count, position)
        data = self._file.read(count * self._entry.size)
        step = self._entry.size
        stored = [data[i : i + step] for i in range(0, len(data), step)]
        return {self._entry.unpack(entry)[0]: entry for entry in reversed(stored)}

    def values(self, entry: bytes, size: int) -> np.ndarray | None:
        """The unsigned integers of an entry; `None` for any other type."""
        _, kind, count, content = self._entry.unpack(entry)
        if kind not in _TYPES:
            return None
        dtype = np.dtype(self.order + _TYPES[kind])
        length = count * dtype.itemsize
        if length > len(content):
            (position,) = struct.unpack(self.pointer, content)
            if position + length > size:
                return None
            self._file.seek(position)
            content = self._file.read(length)
        return np.frombuffer(content, dtype, count).astype(np.uint64)

    def _number(self, format: str, position: int) -> int:
        self._file.seek(position)
        return struct.unpack(format, self._file.read(struct.calcsize(format)))[0]


def _check_data(
    path: Path, values: Mapping[int, np.ndarray | None], size: int, max_pixels: int
) -> None:
    def number(tag: int, default: int = 0) -> int:
        found = values.get(tag)
        return default if found is None or not len(found) else int(found[0])

    width, height = number(_WIDTH), number(_HEIGHT)
    if not width or not height:
        raise corrupt(path, "it does not tell its size")
    if width * height > max_pixels:
        return
    samples = max(number(_SAMPLES, 1), 1)
    planes = samples if number(_PLANES, 1) == 2 else 1
    bits = number(_BITS, 1) * samples // planes
    if _TILE_WIDTH in values:
        what, offsets, counts = "tiles", values.get(_TILES), values.get(_TILE_BYTES)
        # Writers of old put the places of tiles under the tags of strips.
        offsets = values.get(_STRIPS) if offsets is None else offsets
        counts = values.get(_STRIP_BYTES) if counts is None else counts
        columns, rows = number(_TILE_WIDTH), number(_TILE_HEIGHT)
        if not columns or not rows or columns * rows * bits // 8 > _MAX_TILE_BYTES:
            raise corrupt(path, f"its tiles are {columns}x{rows}")
        chunks = math.ceil(width / columns) * math.ceil(height / rows)
        needed = chunks * rows * math.ceil(columns * bits / 8)
    else:
        what, offsets, counts = "strips", values.get(_STRIPS), values.get(_STRIP_BYTES)
        chunks = math.ceil(height / (number(_ROWS_PER_STRIP) or height))
        needed = height * math.ceil(width * bits / 8)
    chunks *= planes
    missing = offsets is None or counts is None or min(len(offsets), len(counts)) < chunks
    if missing or not (offsets[:chunks].all() and counts[:chunks].all()):
        raise ImageFileError(
            path, f"the file is truncated or damaged: {what} are missing", "copy it again"
        )
    # Sizes are at most the file's before they are added, so that nothing wraps around.
    if max(offsets[:chunks].max(), counts[:chunks].max()) > size:
        raise truncated(path)
    stored = counts[:chunks]
    if int((offsets[:chunks] + stored).max()) > size:
        raise truncated(path)
    ratio = _RATIOS.get(number(_COMPRESSION, 1))
    if number(_PHOTOMETRIC) != _YCBCR and ratio and needed * planes > int(stored.sum()) * ratio:
        raise truncated(path)
