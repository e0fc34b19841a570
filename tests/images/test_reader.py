"""One reader for data, restoring and scoring: the same pixels, and nothing damaged gets through."""

import itertools
import os
import struct
import zlib

import numpy as np
import pytest
import pyvips
import tensorflow as tf
import tifffile
from PIL import Image

from hinet_tf.data.sources.file_source import FileSource
from hinet_tf.images.header import decode_file, read_header, without_alpha
from hinet_tf.images.image_file import open_image
from hinet_tf.images.image_file_error import ImageFileError

ORIENTATION = 0x0112


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(100, 255, (64, 80, 3), np.uint8)


def _files(folder, pixels):
    image = Image.fromarray(pixels)
    alpha = image.copy()
    alpha.putalpha(128)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    image.save(folder / "rgb.png")
    alpha.save(folder / "alpha.png")
    image.convert("L").save(folder / "gray.png")
    image.convert("LA").save(folder / "gray_alpha.png")
    image.convert("P").save(folder / "palette.png")
    image.convert("P").save(folder / "palette_clear.png", transparency=3)
    image.save(folder / "rgb_clear.png", transparency=tuple(pixels[0, 0].tolist()))
    image.convert("1").save(folder / "bit.png")
    image.save(folder / "turned.png", exif=exif)
    image.save(folder / "rgb.jpg", quality=70)
    image.convert("L").save(folder / "gray.jpg")
    image.save(folder / "turned.jpg", exif=exif)
    alpha.save(folder / "alpha.webp")
    image.save(folder / "turned.webp", exif=exif)
    image.convert("P").save(folder / "palette.gif")
    tifffile.imwrite(folder / "turned.tif", pixels, photometric="rgb", extratags=[(274, 3, 1, 6)])
    wide = pixels.astype(np.uint16) * 200
    (folder / "wide.png").write_bytes(tf.io.encode_png(wide).numpy())
    (folder / "wide_gray.png").write_bytes(tf.io.encode_png(wide[..., :1]).numpy())
    (folder / "wide_alpha.png").write_bytes(
        tf.io.encode_png(np.dstack([wide, wide[..., 0]])).numpy()
    )
    pyvips.Image.new_from_array(pixels).pngsave(str(folder / "interlaced.png"), interlace=True)
    return sorted(folder.iterdir())


def test_training_reads_the_pixels_that_restoring_reads(tmp_path, pixels):
    for path in _files(tmp_path, pixels):
        expected = without_alpha(open_image(path).read())
        header = read_header(path)
        assert (header.height, header.width, header.channels) == expected.shape, path.name
        np.testing.assert_array_equal(decode_file(header), expected, path.name)
        (_, in_graph) = FileSource([header]).images(0)
        np.testing.assert_array_equal(in_graph, expected, path.name)
        if "turned" in path.name:
            assert expected.shape == (80, 64, 3)


@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize("compression", [None, "zlib", "packbits", "lzw", "jpeg"])
@pytest.mark.parametrize("big", [False, True])
def test_tiff_layouts(tmp_path, pixels, tile, compression, big):
    path = tmp_path / "a.tif"
    _save_tiff(path, pixels, tile, compression, bigtiff=big)
    expected = tifffile_or_pillow(path, pixels, compression)
    np.testing.assert_array_equal(open_image(path).read(), expected)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * 0.6)])
    with pytest.raises(ImageFileError, match=r"a\.tif: the file is truncated or damaged"):
        open_image(path)


def tifffile_or_pillow(path, pixels, compression):
    return np.asarray(Image.open(path).convert("RGB")) if compression == "jpeg" else pixels


def _save_tiff(path, pixels, tile, compression, **options):
    sides = {"tile": True, "tile_width": tile[1], "tile_height": tile[0]} if tile else {}
    image = pyvips.Image.new_from_array(pixels)
    compression = {None: "none", "zlib": "deflate"}.get(compression, compression)
    image.tiffsave(str(path), compression=compression, **sides, **options)
    if not options.get("bigtiff"):
        # Libtiff writes the directory last; what is cut must be pixels.
        with tifffile.TiffFile(path) as file:
            assert file.pages[0].is_tiled == bool(tile)


@pytest.mark.parametrize("tile", [None, (32, 32)])
@pytest.mark.parametrize("compression", ["deflate", "lzw"])
def test_holes_of_zeros_in_compressed_tiffs(tmp_path, pixels, tile, compression):
    path = tmp_path / "a.tif"
    # Tags that libtiff does not know must not hide what it says of pixels.
    _save_tiff(path, pixels, tile, compression)
    with tifffile.TiffFile(path) as file:
        start, length = file.pages[0].dataoffsets[0], file.pages[0].databytecounts[0]
    content = bytearray(path.read_bytes())
    content[start + length // 3 : start + length // 2] = bytes(length // 2 - length // 3)
    path.write_bytes(content)
    with pytest.raises(ImageFileError, match=r"a\.tif: the content is corrupt"):
        open_image(path).read()


def test_tags_that_libtiff_does_not_know_are_left_out(tmp_path, pixels):
    path = tmp_path / "a.tif"
    tags = [(65000, 2, 5, "abcd", True), (40000, 3, 1, 3, True)]
    for tile in (None, (32, 32)):
        tifffile.imwrite(path, pixels, photometric="rgb", tile=tile, extratags=tags, byteorder=">")
        np.testing.assert_array_equal(open_image(path).read(), pixels)


def test_a_tiff_of_a_missing_tile_or_a_loop_of_pages(tmp_path, pixels):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, photometric="rgb", tile=(32, 32))
    whole = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:
        place = file.pages[0].tags["TileByteCounts"].valueoffset
        start = file.pages[0].offset
    hole = bytearray(whole)
    hole[place + 4 : place + 8] = bytes(4)
    path.write_bytes(hole)
    with pytest.raises(ImageFileError, match="tiles are missing"):
        open_image(path)
    (count,) = struct.unpack_from("<H", whole, start)
    struct.pack_into("<I", whole, start + 2 + 12 * count, start)
    path.write_bytes(whole)
    with pytest.raises(ImageFileError, match="pages is a loop"):
        open_image(path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif"])
def test_a_file_cut_anywhere_is_refused(tmp_path, pixels, suffix):
    path = tmp_path / f"a.{suffix}"
    exif = Image.Exif()
    exif[0x010F] = "thumbnail \xff\xd9"
    Image.fromarray(pixels[:20, :20]).save(path, exif=exif)
    content = path.read_bytes()
    for length in range(1, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(ImageFileError, match=f"a.{suffix}: "):
            open_image(path).read()


def test_a_wrong_checksum_in_a_png(tmp_path, pixels):
    path = tmp_path / "a.png"
    Image.fromarray(pixels).save(path)
    content = bytearray(path.read_bytes())
    content[-16] ^= 1  # The last byte of the checksum of the pixels.
    path.write_bytes(content)
    with pytest.raises(ImageFileError, match="the content is corrupt"):
        open_image(path).read()


def test_a_few_bytes_that_claim_a_gigabyte_of_one_colour(tmp_path):
    path = tmp_path / "a.webp"
    Image.new("RGB", (16383, 2000), (9, 9, 9)).save(path, lossless=True, quality=0, method=0)
    assert path.stat().st_size < 100
    with pytest.raises(ImageFileError, match="bytes claim 16383x2000 pixels, which is no photo"):
        open_image(path)
    # A plain picture of a usual size is none.
    Image.new("RGB", (2000, 1500), (9, 9, 9)).save(path, lossless=True)
    assert open_image(path).read().shape == (1500, 2000, 3)


def test_pixels_that_lie_in_the_directory_are_damage(tmp_path, pixels):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, tile=(16, 16))
    with tifffile.TiffFile(path) as file:
        *_, last = file.pages[0].dataoffsets
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<I", last), struct.pack("<I", 64)))
    with pytest.raises(ImageFileError, match="its pixels lie where its directory lies"):
        open_image(path)


def test_a_position_beyond_any_file_is_damage(tmp_path, pixels, capfd):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, bigtiff=True)
    content = bytearray(path.read_bytes())
    # Of the first directory, then of the strips.
    for position in (8, content.index(struct.pack("<HHQ", 273, 16, 1)) + 12):
        damaged = content.copy()
        damaged[position : position + 8] = b"\xff" * 8
        path.write_bytes(damaged)
        with pytest.raises(ImageFileError):
            open_image(path).read()
    assert "Traceback" not in capfd.readouterr().err


def test_claims_beyond_what_a_file_can_hold(tmp_path):
    def png(width, height, bits, color):
        def chunk(kind, data):
            checksum = zlib.crc32(kind + data)
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

        head = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
        data = zlib.compress(bytes(1000))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            itertools.starmap(chunk, [(b"IHDR", head), (b"IDAT", data), (b"IEND", b"")])
        )

    path = tmp_path / "a.png"
    path.write_bytes(png(20000, 20000, 16, 6))
    with pytest.raises(ImageFileError, match="truncated or damaged"):
        open_image(path)

    path = tmp_path / "a.jpg"
    Image.new("RGB", (16, 16)).save(path)
    content = bytearray(path.read_bytes())
    place = content.index(b"\xff\xc0") + 5
    content[place : place + 4] = struct.pack(">HH", 20000, 20000)
    path.write_bytes(content)
    with pytest.raises(ImageFileError, match="truncated or damaged"):
        open_image(path)


@pytest.mark.parametrize("kind", ["folder", "missing", "empty", "pipe"])
def test_what_is_no_file(tmp_path, kind):
    import os

    path = tmp_path / "a.png"
    if kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(ImageFileError, match=r"a\.png: "):
        read_header(path)


def test_a_film_behind_a_photo_is_no_damage(tmp_path, pixels):
    path = tmp_path / "motion.jpg"
    Image.fromarray(pixels).save(path)
    photo, film = path.read_bytes(), bytes(300_000)
    path.write_bytes(photo + film)
    np.testing.assert_array_equal(decode_file(read_header(path)), np.asarray(Image.open(path)))
    assert open_image(path).shape == pixels.shape
    # The end mark lies across two of the parts that are searched.
    scan = photo.index(b"\xff\xda")
    scan += 2 + int.from_bytes(photo[scan + 2 : scan + 4])
    padded = photo[:-2] + bytes(65536 - 1 - (len(photo) - 2 - scan)) + photo[-2:] + film
    path.write_bytes(padded)
    assert open_image(path).shape == pixels.shape
    path.write_bytes(photo[:-2] + film)
    with pytest.raises(ImageFileError, match="truncated"):
        open_image(path)


def test_a_name_that_is_no_utf8_is_named_as_the_fault(tmp_path, pixels):
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    Image.fromarray(pixels).save(path)
    with pytest.raises(ImageFileError, match="its name is no UTF-8"):
        open_image(path)
