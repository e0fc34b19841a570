"""Blur kernels sum to one, keep the light, and do not move the image."""

import numpy as np
import pytest
from scipy import ndimage

from hinet_tf.data import random_numbers
from hinet_tf.data.degradations import Defocus, MotionBlur, PhotoBlur
from hinet_tf.data.degradations.blur import blur_linear, convolve
from hinet_tf.data.degradations.linear_light import to_linear, to_srgb

BLURS = [MotionBlur(), MotionBlur(length=9, shake=0), Defocus(), Defocus(0.5)]


def photo():
    from hinet_tf.data import builtin_photos

    return builtin_photos("val").images(0)[1][:120, :151].astype(np.float32) / 255


@pytest.mark.parametrize("blur", BLURS, ids=str)
def test_kernels_sum_to_one_and_are_centred(blur):
    axis = np.arange(-blur.margin, blur.margin + 1)
    for seed in range(25):
        kernel = blur.kernel(seed).numpy()
        assert kernel.min() >= 0
        assert kernel.sum() == pytest.approx(1, abs=1e-5)
        assert kernel.sum(1) @ axis == pytest.approx(0, abs=0.02)
        assert kernel.sum(0) @ axis == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("blur", BLURS, ids=str)
def test_mean_light_is_kept(blur):
    """A lamp in the dark: all its light stays, on more pixels."""
    light = np.zeros((96, 96, 3), np.float32)
    light[40:56, 44:52] = [0.9, 0.5, 0.2]
    for seed in range(5):
        blurred = to_linear(blur(to_srgb(light), seed)).numpy()
        np.testing.assert_allclose(blurred.sum((0, 1)), light.sum((0, 1)), rtol=2e-3)


@pytest.mark.parametrize("blur", BLURS, ids=str)
def test_against_a_direct_convolution_of_light(blur):
    """Oracle: scipy's convolution; "reflect" is its name for repeating the edge pixel."""
    image = photo()
    light = to_linear(image).numpy().astype(np.float64)
    kernel = blur.kernel(4).numpy()
    planes = [ndimage.convolve(light[..., c], kernel, mode="reflect") for c in range(3)]
    expected = to_srgb(np.stack(planes, -1).clip(0, 1).astype(np.float32))
    np.testing.assert_allclose(blur(image, 4), expected, atol=1e-4)


def test_convolution_is_not_a_correlation():
    plane = np.zeros((1, 9, 9), np.float32)
    plane[0, 4, 4] = 1
    kernel = np.arange(9, dtype=np.float32).reshape(1, 3, 3)
    np.testing.assert_allclose(convolve(plane, kernel)[0, 3:6, 3:6], kernel[0], atol=1e-5)


def test_motion_has_the_extent_asked_for():
    for seed in range(20):
        kernel = MotionBlur(length=20).kernel(seed).numpy()
        rows, columns = np.nonzero(kernel)
        centre = kernel.shape[0] // 2
        assert np.hypot(rows - centre, columns - centre).max() == pytest.approx(10, abs=1.5)


def test_no_shake_is_a_straight_line():
    kernel = MotionBlur(length=25, shake=0).kernel(2).numpy()
    rows, columns = np.nonzero(kernel > 0.005)
    spread = np.linalg.eigvalsh(np.cov(rows, columns, aweights=kernel[rows, columns]))
    assert spread[0] < 0.3 and spread[1] > 30


def test_length_zero_and_tiny_images_are_no_trouble():
    image = photo()[:3, :2]
    np.testing.assert_allclose(MotionBlur(length=0)(image, 1), image, atol=1e-5)
    assert MotionBlur(length=31)(image, 1).shape == image.shape


def test_photo_blur_is_motion_blur_where_nothing_is_cut_off():
    """Without noise to speak of and without a file: the same trajectory for dark pictures."""
    image = 0.7 * photo()
    plain = PhotoBlur(length=15, shot=1e-6, jpeg_share=0)(image, 3).numpy()
    blurred = to_srgb(blur_linear(to_linear(image), plain_kernel(3))).numpy()
    # Photons at white: a million; at most a tenth of a percent of noise where it is darkest.
    np.testing.assert_allclose(plain, blurred, atol=0.02)
    assert np.abs(plain - blurred).mean() < 1e-3


def plain_kernel(seed):
    return MotionBlur(length=15).kernel(random_numbers.fold_in(seed, 1))


def test_lamps_draw_white_trails():
    image = np.full((64, 64, 3), 0.2, np.float32)
    image[30:34, 30:34] = 1
    options = {"length": 20, "shot": 1e-6, "jpeg_share": 0, "lamp_share": 1}
    for seed in range(4):
        white = PhotoBlur(highlights=1, **options)(image, seed).numpy()
        lamp = PhotoBlur(highlights=8, **options)(image, seed).numpy()
        assert lamp.max() <= 1 and np.sum(lamp > 0.99) >= np.sum(white > 0.99)
        assert lamp.mean() > white.mean() + 0.001


def test_white_is_brighter_than_white_in_its_share_of_pictures():
    image = np.full((32, 32, 3), 0.2, np.float32)
    image[14:18, 14:18] = 1
    options = {"length": 20, "shot": 1e-6, "jpeg_share": 0}
    never = PhotoBlur(lamp_share=0, **options)
    brighter = [
        PhotoBlur(lamp_share=0.5, **options)(image, seed).numpy().mean()
        > never(image, seed).numpy().mean() + 0.001
        for seed in range(24)
    ]
    assert 5 <= np.sum(brighter) <= 19


def test_photo_blur_compresses_its_share():
    image = photo()
    options = {"length": 5, "quality": 20}
    never = PhotoBlur(jpeg_share=0, **options)
    changed = [
        np.abs(PhotoBlur(jpeg_share=0.5, **options)(image, seed) - never(image, seed)).max() > 0.02
        for seed in range(24)
    ]
    assert 5 <= np.sum(changed) <= 19
    assert PhotoBlur(length=10).margin > MotionBlur(length=10).margin


@pytest.mark.parametrize(
    "make",
    [
        lambda: MotionBlur(length=-1),
        lambda: MotionBlur(shake=99),
        lambda: Defocus("wide"),
        lambda: PhotoBlur(highlights=0.5),
        lambda: PhotoBlur(jpeg_share=2),
        lambda: PhotoBlur(lamp_share=2),
    ],
)
def test_parameters_out_of_range(make):
    with pytest.raises(ValueError, match="expected a number between"):
        make()
