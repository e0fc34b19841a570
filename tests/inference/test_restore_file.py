"""Files in and out: what a photo carries survives, what cannot be restored is named."""

import io
import os

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps

from hinet_tf import Restorer
from hinet_tf.images.image_file import open_image
from hinet_tf.images.image_file_error import ImageFileError
from hinet_tf.images.image_writer import check_target, write_image
from hinet_tf.images.jpeg_quality import jpeg_quality

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
ORIENTATION, MAKER, X_RESOLUTION = 0x0112, 0x010F, 0x011A


@pytest.fixture(scope="module")
def restorer(tiny):
    return Restorer(tiny)


@pytest.fixture
def pixels() -> np.ndarray:
    """A smooth picture, which lossy formats keep well."""
    rows, columns = np.mgrid[0:40, 0:56]
    return np.stack([rows * 5, columns * 4, 255 - rows * 3 - columns], -1).astype(np.uint8)


def test_official_checkpoint_to_png_equals_the_official_output(tmp_path, official, official_io):
    degraded = np.rint(np.clip(official_io["input_nchw"][0], 0, 1) * 255).astype(np.uint8)
    exact = official(degraded[np.newaxis].astype(np.float32) / np.float32(255))["restored"][0]
    Image.fromarray(degraded).save(tmp_path / "in.png")
    Restorer(official).restore_file(tmp_path / "in.png", tmp_path / "out.png")
    expected = np.rint(np.clip(exact, 0, 1) * 255)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out.png")), expected)

    # The golden input itself is float: as a float TIFF it comes out as the official output.
    _write(tmp_path / "in.tif", official_io["input_nchw"][0])
    Restorer(official).restore_file(tmp_path / "in.tif", tmp_path / "out.tif")
    restored, golden = open_image(tmp_path / "out.tif").read(), official_io["out2_nchw"][0]
    np.testing.assert_allclose(restored, golden, rtol=0, atol=2e-6)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lossless_formats_hold_exactly_what_restore_returns(
    tmp_path, restorer, suffix, bands, dtype
):
    rng = np.random.default_rng(bands)
    image = rng.integers(0, np.iinfo(dtype).max, (33, 47, bands), dtype, endpoint=True)
    source, target = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    _write(source, image)
    restorer.restore_file(source, target)
    opened = open_image(target)
    assert (opened.shape, opened.dtype) == (image.shape, image.dtype)
    np.testing.assert_array_equal(opened.read(), restorer.restore(image))


@pytest.mark.parametrize("suffix", ["jpg", "webp", "tif"])
def test_exif_profile_and_orientation(tmp_path, restorer, pixels, suffix):
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "Maker"
    source, target = tmp_path / f"in.{suffix}", tmp_path / f"out.{suffix}"
    Image.fromarray(pixels).save(source, exif=exif, icc_profile=PROFILE, quality=95)
    restorer.restore_file(source, target)
    with Image.open(target) as image:
        assert image.size == (40, 56)  # Upright: a quarter turn of 56 x 40.
        assert image.getexif().get(ORIENTATION, 1) == 1
        # libvips reads no EXIF tags of TIFF files; docs/restoring.md says so.
        assert suffix == "tif" or image.getexif()[MAKER] == "Maker"
        assert image.info["icc_profile"] == PROFILE
        restored = np.asarray(image.convert("RGB")).astype(int)
    with Image.open(source) as image:
        # Pillow turns a TIFF when it loads it, the others on demand.
        image.load()
        upright = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    assert np.abs(restored - restorer.restore(upright)).mean() < 3


@pytest.mark.parametrize(("quality", "subsampling"), [(60, 2), (87, 0), (95, 2)])
def test_jpeg_quality_is_kept(tmp_path, restorer, pixels, quality, subsampling):
    source, target = tmp_path / "in.jpg", tmp_path / "out.jpg"
    Image.fromarray(pixels).save(source, quality=quality, subsampling=subsampling)
    restorer.restore_file(source, target)
    assert jpeg_quality(target) == jpeg_quality(source) == (quality, subsampling == 2)
    restorer.restore_file(source, target, quality=30)
    assert jpeg_quality(target)[0] == 30


@pytest.mark.parametrize("source", ["jpg", "png", "tif"])
@pytest.mark.parametrize("target", ["jpg", "png", "tif", "webp"])
def test_the_resolution_for_printing_is_kept(tmp_path, restorer, pixels, source, target):
    source, target = tmp_path / f"in.{source}", tmp_path / f"out.{target}"
    Image.fromarray(pixels).save(source, dpi=(300, 300))
    restorer.restore_file(source, target)
    with Image.open(target) as image:
        resolution = image.info.get("dpi") or (image.getexif()[X_RESOLUTION],)
        assert resolution[0] == pytest.approx(300, abs=0.1)


def test_no_metadata_is_invented(tmp_path, restorer, pixels):
    Image.fromarray(pixels).save(tmp_path / "in.png")
    restorer.restore_file(tmp_path / "in.png", tmp_path / "out.png")
    assert not Image.open(tmp_path / "out.png").getexif()
    Image.fromarray(pixels).save(tmp_path / "in.jpg")
    restorer.restore_file(tmp_path / "in.jpg", tmp_path / "out.jpg")
    assert not Image.open(tmp_path / "out.jpg").getexif()


def test_quality_of_a_very_large_jpeg_is_kept(tmp_path, pixels, monkeypatch):
    path = tmp_path / "in.jpg"
    Image.fromarray(pixels).save(path, quality=80, subsampling=2)
    # What Pillow refuses to open from 179 megapixels on.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(path)
    assert jpeg_quality(path) == (80, True)


@pytest.mark.parametrize("suffix", [".webp", ".jpg"])
def test_sides_that_a_format_cannot_have_are_refused_before_any_work(tmp_path, restorer, suffix):
    largest = {".webp": 16_383, ".jpg": 65_535}[suffix]
    for width in (largest, largest + 1):
        Image.new("L", (width, 1), 99).save(tmp_path / f"{width}.png")
    check_target(open_image(tmp_path / f"{largest}.png"), tmp_path / f"a{suffix}")
    with pytest.raises(ValueError, match=f"at most {largest} pixels a side"):
        restorer.restore_file(tmp_path / f"{largest + 1}.png", tmp_path / f"a{suffix}")


def test_a_large_tiff_is_a_bigtiff(tmp_path, pixels):
    Image.fromarray(pixels).save(tmp_path / "in.png")
    source = open_image(tmp_path / "in.png")
    for raw_bytes, is_big in ((2**31, False), (2**31 + 1, True)):
        raw = tmp_path / "pixels.raw"
        with raw.open("wb") as file:
            file.write(pixels.tobytes())
            file.truncate(raw_bytes)
        write_image(raw, 1, source, tmp_path / "out.tif")
        with tifffile.TiffFile(tmp_path / "out.tif") as file:
            assert file.is_bigtiff == is_big
        np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif"), pixels)


def test_of_an_animated_png_only_the_first_frame_is_read(tmp_path, restorer, pixels):
    path, frames = tmp_path / "in.png", [Image.fromarray(np.roll(pixels, n, 0)) for n in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    restorer.restore_file(path, tmp_path / "out.png")
    with pytest.raises(ValueError, match="animated PNG only the first frame"):
        restorer.restore_file(path, tmp_path / "out.webp", all_pages=True)
    assert not (tmp_path / "out.webp").exists()


@pytest.mark.parametrize("profile", [b"", PROFILE + bytes(6000)])
def test_lossless_webp_stays_lossless(tmp_path, restorer, pixels, profile):
    # Behind a large profile the pixels begin far from the start of the file.
    Image.fromarray(pixels).save(tmp_path / "in.webp", lossless=True, icc_profile=profile)
    restorer.restore_file(tmp_path / "in.webp", tmp_path / "out.webp")
    restored = np.asarray(Image.open(tmp_path / "out.webp"))
    np.testing.assert_array_equal(restored, restorer.restore(pixels))


def test_colours_below_transparent_pixels_stay(tmp_path, restorer, pixels):
    alpha = np.where(pixels[..., :1] > 100, 255, 0).astype(np.uint8)
    image = np.concatenate([pixels, alpha], axis=-1)
    Image.fromarray(image).save(tmp_path / "in.webp", lossless=True, exact=True)
    restorer.restore_file(tmp_path / "in.webp", tmp_path / "out.webp")
    restored = np.asarray(Image.open(tmp_path / "out.webp"))
    np.testing.assert_array_equal(restored, restorer.restore(image))


def test_other_programs_read_a_float_tiff(tmp_path, restorer):
    image = np.random.default_rng(0).random((40, 56, 3), np.float32)
    tifffile.imwrite(tmp_path / "in.tif", image, photometric="rgb")
    restorer.restore_file(tmp_path / "in.tif", tmp_path / "out.tif")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif"), restorer.restore(image))


def test_a_file_does_not_become_itself(tmp_path, restorer, pixels):
    Image.fromarray(pixels).save(tmp_path / "a.jpg")
    (tmp_path / "link.jpg").symlink_to("a.jpg")
    before = (tmp_path / "a.jpg").read_bytes()
    for target in ("a.jpg", "link.jpg"):
        with pytest.raises(ValueError, match="would replace its own source"):
            restorer.restore_file(tmp_path / "a.jpg", tmp_path / target)
    assert (tmp_path / "a.jpg").read_bytes() == before


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_changes_meanwhile_gives_no_mixed_picture(tmp_path, tiny, replaced):
    for name, level in (("in.tif", 60), ("other.tif", 200)):
        pages = np.full((2, 300, 130, 3), level, np.uint8)
        tifffile.imwrite(tmp_path / name, pages, photometric="rgb", rowsperstrip=16)
    other = tmp_path / "other.tif"

    def change(part):
        if replaced and other.exists():
            other.replace(tmp_path / "in.tif")
        elif not replaced:
            (tmp_path / "in.tif").write_bytes(other.read_bytes())

    with pytest.raises(ImageFileError, match="changed while it was restored; restore it again"):
        Restorer(tiny, tile=96).restore_file(
            tmp_path / "in.tif", tmp_path / "out.tif", all_pages=True, on_progress=change
        )
    assert not (tmp_path / "out.tif").exists()


def test_palette_becomes_rgb(tmp_path, restorer, pixels):
    palette = Image.fromarray(pixels).convert("P")
    palette.save(tmp_path / "in.png")
    restorer.restore_file(tmp_path / "in.png", tmp_path / "out.png")
    expected = restorer.restore(np.asarray(palette.convert("RGB")))
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out.png")), expected)


@pytest.mark.parametrize("suffix", ["tif", "webp"])
def test_all_pages_or_the_first(tmp_path, restorer, pixels, suffix):
    pages = [Image.fromarray(np.roll(pixels, 9 * n, axis=1)) for n in range(3)]
    source, target = tmp_path / f"in.{suffix}", tmp_path / f"out.{suffix}"
    pages[0].save(source, save_all=True, append_images=pages[1:], lossless=True)
    restorer.restore_file(source, target)
    assert getattr(Image.open(target), "n_frames", 1) == 1
    restorer.restore_file(source, target, all_pages=True)
    with Image.open(target) as image:
        assert image.n_frames == 3
        image.seek(2)
        expected = restorer.restore(np.asarray(pages[2]))
        np.testing.assert_allclose(np.asarray(image.convert("RGB")), expected, atol=4)


def test_strips_of_a_file_equal_the_array(tmp_path, tiny):
    image = np.random.default_rng(0).integers(0, 256, (300, 130, 3), dtype=np.uint8)
    tiled = Restorer(tiny, tile=96)
    for suffix in (".png", ".tif"):
        _write(tmp_path / f"in{suffix}", image)
        seen = []
        tiled.restore_file(
            tmp_path / f"in{suffix}", tmp_path / f"out{suffix}", on_progress=seen.append
        )
        restored = open_image(tmp_path / f"out{suffix}").read()
        np.testing.assert_array_equal(restored, tiled.restore(image))
        assert len(seen) > 2 and seen == sorted(seen) and seen[-1] == 1


@pytest.mark.parametrize("kind", ["truncated", "empty", "text", "1-bit", "cmyk", "nan", "range"])
def test_unusable_files_are_named_and_leave_nothing(tmp_path, restorer, pixels, kind):
    source = tmp_path / "in.png"
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(
        buffer, "png"
    )
    message = {
        "truncated": "truncated or damaged",
        "empty": "0 bytes",
        "text": "not a readable image",
        "1-bit": "no shades",
        "cmyk": "CMYK",
        "nan": "NaN",
        "range": "divide by the peak",
    }[kind]
    if kind in ("truncated", "empty", "text"):
        content = {"truncated": buffer.getvalue()[:6000], "empty": b"", "text": b"hello" * 99}
        source.write_bytes(content[kind])
    elif kind == "1-bit":
        Image.fromarray(pixels[..., 0] > 99).save(source)
    elif kind == "cmyk":
        source = tmp_path / "in.jpg"
        Image.fromarray(pixels).convert("CMYK").save(source)
    else:
        source = tmp_path / "in.tif"
        bad = np.full((20, 20, 3), np.nan if kind == "nan" else 255, np.float32)
        _write(source, bad)
    with pytest.raises(ValueError, match=message):
        restorer.restore_file(source, tmp_path / "out" / f"result{source.suffix}")
    assert not list((tmp_path / "out").rglob("*"))


def test_decompression_bomb_is_refused_before_decoding(tmp_path, restorer, pixels):
    # 400 megapixels of one colour in some kilobytes.
    bomb = tmp_path / "bomb.png"
    Image.new("L", (40000, 10000)).save(bomb)
    assert bomb.stat().st_size < 1_000_000
    with pytest.raises(ValueError, match="--max-pixels"):
        restorer.restore_file(bomb, tmp_path / "out.png", max_pixels=100_000_000)
    Image.fromarray(pixels).save(tmp_path / "in.png")
    with pytest.raises(ValueError, match="56x40"):
        restorer.restore_file(tmp_path / "in.png", tmp_path / "out.png", max_pixels=1000)


@pytest.mark.parametrize(
    ("bands", "dtype", "suffix", "message"),
    [
        (4, np.uint8, ".jpg", "alpha"),
        (3, np.uint16, ".jpg", "16"),
        (3, np.uint16, ".webp", "16"),
        (3, np.float32, ".png", "tif"),
        (3, np.uint8, ".bmp", "suffix"),
    ],
)
def test_formats_that_would_lose_something_are_refused(
    tmp_path, restorer, bands, dtype, suffix, message
):
    _write(tmp_path / "in.tif", np.zeros((20, 20, bands), dtype))
    with pytest.raises(ValueError, match=message):
        restorer.restore_file(tmp_path / "in.tif", tmp_path / f"out{suffix}")


def _write(path, image: np.ndarray) -> None:
    """By libraries other than the one under test."""
    if path.suffix == ".tif":
        alpha = {"extrasamples": ["unassalpha"]} if image.shape[-1] in (2, 4) else {}
        photometric = "rgb" if image.shape[-1] > 2 else "minisblack"
        image = image[..., 0] if image.shape[-1] == 1 else image
        tifffile.imwrite(path, image, photometric=photometric, planarconfig="contig", **alpha)
    else:
        import pyvips

        interpretation = {
            (1, 1): "b-w", (2, 1): "b-w", (3, 1): "srgb", (4, 1): "srgb",
            (1, 2): "grey16", (2, 2): "grey16", (3, 2): "rgb16", (4, 2): "rgb16",
        }[image.shape[-1], image.itemsize]  # fmt: skip
        picture = pyvips.Image.new_from_array(image, interpretation=interpretation)
        picture.pngsave(str(path))


@pytest.mark.parametrize("name", ["a.webp", "a.jpg", "a.png", "a.tif"])
def test_a_path_used_again_gives_the_new_file(tmp_path, name):
    def write(path, level):
        image = np.full((32, 48, 3), level, np.uint8)
        if name.endswith("tif"):
            tifffile.imwrite(path, image, photometric="rgb", tile=(16, 16))
        else:
            exif = Image.Exif()
            exif[ORIENTATION] = 6
            Image.fromarray(image).save(path, exif=exif)
        os.utime(path, ns=(0, 0))

    path = tmp_path / name
    for level in (10, 200, 90):
        write(path, level)
        assert abs(open_image(path).read().mean() - level) < 2
