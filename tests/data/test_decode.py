"""Decoding parity: Pillow, libpng and libjpeg-turbo to the last bit, 16 bits kept."""

import io

import numpy as np
import pytest
import tensorflow as tf
import tifffile
from PIL import Image

from hinet_tf.data import FileSource, builtin_photos, cached
from hinet_tf.images.header import decode_file, read_header


@pytest.fixture(scope="module")
def photo():
    # Odd sides, so that halved chroma and incomplete blocks are part of it.
    return builtin_photos("val").images(0)[1][:203, :301]


@pytest.mark.parametrize("quality", [5, 50, 92, 100])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg(photo, tmp_path, quality, subsampling, progressive):
    path = tmp_path / "photo.jpg"
    options = {"quality": quality, "subsampling": subsampling, "progressive": progressive}
    Image.fromarray(photo).save(path, **options)
    np.testing.assert_array_equal(decode_file(read_header(path)), np.asarray(Image.open(path)))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_png(photo, tmp_path, mode):
    path = tmp_path / "photo.png"
    image = Image.fromarray(photo).convert(mode)
    image.save(path)
    colour = mode in ("RGB", "RGBA", "P")
    expected = np.asarray(image.convert("RGB" if colour else "L"))
    expected = expected if colour else expected[..., None]
    np.testing.assert_array_equal(decode_file(read_header(path)), expected)


@pytest.mark.parametrize("name", ["gray.png", "gray.jpg", "gray.webp", "gray.tif", "rgb.webp"])
def test_gray_and_webp(photo, tmp_path, name):
    image = Image.fromarray(photo[..., 0] if name.startswith("gray") else photo)
    image.save(tmp_path / name, **({"lossless": True} if name.endswith("webp") else {}))
    expected = np.asarray(Image.open(tmp_path / name))
    decoded = decode_file(read_header(tmp_path / name))
    np.testing.assert_array_equal(np.squeeze(decoded), expected)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bits_are_kept(tmp_path, channels, suffix):
    values = np.random.default_rng(0).integers(0, 65536, (37, 41, channels), np.uint16)
    path = tmp_path / f"wide{suffix}"
    if suffix == ".tif":
        tifffile.imwrite(path, np.squeeze(values), photometric="rgb" if channels == 3 else None)
    else:
        # Pillow writes no 16-bit RGB.
        path.write_bytes(tf.io.encode_png(values).numpy())
    header = read_header(path)
    assert (header.bits, header.channels) == (16, channels)
    np.testing.assert_array_equal(decode_file(header), values)


@pytest.mark.parametrize("compression", ["tiff_lzw", "jpeg", "tiff_deflate", None])
def test_tiff_compressions(photo, tmp_path, compression):
    path = tmp_path / "photo.tif"
    Image.fromarray(photo).save(path, compression=compression)
    np.testing.assert_array_equal(decode_file(read_header(path)), np.asarray(Image.open(path)))


def test_16_bit_tiff_of_lzw(tmp_path):
    values = np.random.default_rng(0).integers(0, 65536, (64, 64), np.uint16)
    file = io.BytesIO()
    Image.fromarray(values).save(file, "TIFF", compression="tiff_lzw")
    path = tmp_path / "wide.tif"
    path.write_bytes(file.getvalue())
    np.testing.assert_array_equal(decode_file(read_header(path))[..., 0], values)


def test_8_bits_beside_16_bits_are_exact(photo, tmp_path):
    Image.fromarray(photo).save(tmp_path / "a.png")
    Image.fromarray(photo).save(tmp_path / "b.jpg")
    Image.fromarray(photo).save(tmp_path / "c.webp", lossless=True)
    (tmp_path / "d.png").write_bytes(tf.io.encode_png(photo.astype(np.uint16)).numpy())
    source = FileSource([read_header(path) for path in sorted(tmp_path.iterdir())])
    for held in (source, cached(source, "memory")):
        assert held.dtype == tf.uint16
        np.testing.assert_array_equal(held.images(0)[1], photo.astype(np.uint16) * 257)
        np.testing.assert_array_equal(held.images(2)[1], photo.astype(np.uint16) * 257)
        jpeg = np.asarray(Image.open(tmp_path / "b.jpg")).astype(np.uint16)
        np.testing.assert_array_equal(held.images(1)[1], jpeg * 257)
        np.testing.assert_array_equal(held.images(3)[1], photo)


def test_format_is_told_from_content_not_name(photo, tmp_path):
    Image.fromarray(photo).save(tmp_path / "really_a_jpeg.png", "JPEG")
    header = read_header(tmp_path / "really_a_jpeg.png")
    assert header.format == "JPEG"
    assert decode_file(header).shape == photo.shape
