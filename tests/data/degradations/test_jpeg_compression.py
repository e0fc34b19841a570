"""JPEG against libjpeg-turbo, the library behind Pillow."""

import io

import numpy as np
import pytest
from PIL import Image

from hinet_tf.data import builtin_photos
from hinet_tf.data.degradations import JpegCompression


def compressed(image, quality, subsampling):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(file)).astype(int)


def levels(image):
    return np.rint(np.asarray(image) * 255).astype(int)


@pytest.fixture(scope="module")
def photo():
    return builtin_photos("val").images(0)[1][:203, :301]


@pytest.mark.parametrize("quality", [1, 10, 30, 50, 75, 90, 100])
@pytest.mark.parametrize(("subsampling", "code"), [("4:2:0", 2), ("4:4:4", 0)])
def test_equal_to_libjpeg_but_for_rounding(photo, quality, subsampling, code):
    expected = compressed(photo, quality, code)
    degraded = JpegCompression(quality, subsampling, random_grid=False)(
        photo.astype(np.float32) / 255, 0
    )
    difference = np.abs(levels(degraded) - expected)
    assert np.mean(difference == 0) > 0.85
    assert difference.mean() < 0.2


def test_gray(photo):
    gray = photo[..., 1]
    degraded = JpegCompression(30, random_grid=False)(gray[..., None].astype(np.float32) / 255, 0)
    difference = np.abs(levels(degraded)[..., 0] - compressed(gray, 30, 0))
    assert np.mean(difference == 0) > 0.97


def test_random_grid_is_a_shifted_grid(photo):
    """The pixels are those of a picture compressed with a border, for one of 256 borders."""
    image = photo[:64, :64]
    degraded = levels(JpegCompression(20)(image.astype(np.float32) / 255, 12))
    errors = []
    for top in range(16):
        for left in range(16):
            bordered = np.pad(image, ((top, 16), (left, 16), (0, 0)), mode="edge")
            expected = compressed(bordered, 20, 2)[top : top + 64, left : left + 64]
            errors.append(np.abs(expected - degraded)[16:48, 16:48].mean())
    errors = np.sort(errors)
    assert errors[0] < 0.2 and errors[1] > 10 * errors[0]


def test_quality_is_drawn_as_a_whole_number_from_the_range(photo):
    image = photo[:32, :32].astype(np.float32) / 255
    jpeg = JpegCompression((40, 42), random_grid=False)
    results = {levels(jpeg(image, seed)).tobytes() for seed in range(30)}
    assert len(results) == 3


@pytest.mark.parametrize("arguments", [{"quality": 0}, {"quality": 101}, {"subsampling": "4:1:1"}])
def test_wrong_parameters(arguments):
    with pytest.raises(ValueError, match="expected"):
        JpegCompression(**arguments)
