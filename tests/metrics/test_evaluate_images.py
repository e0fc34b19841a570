"""evaluate_images against the official figures, MATLAB's definitions and scikit-image."""

import json
from pathlib import Path

import numpy as np
import pytest
from skimage.metrics import structural_similarity as skimage_ssim

from hinet_tf.metrics.evaluate_images import evaluate_images
from hinet_tf.metrics.evaluation_protocol import PROTOCOLS

GOLDEN = Path(__file__).parents[1] / "golden"
OFFICIAL = json.loads((GOLDEN / "official_metrics.json").read_text())
FIGURES = {
    "psnr_rgb": ("hinet", "psnr", 1e-6),
    "psnr_y_float": ("hinet_y", "psnr", 1e-6),
    "ssim_rgb_3d": ("hinet", "ssim", 1e-5),
    "ssim_y_replicate": ("hinet_y", "ssim", 1e-5),
    "ssim_rgb_valid_per_channel": ("basicsr", "ssim", 1e-5),
}


@pytest.fixture(scope="module")
def images() -> dict[str, np.ndarray]:
    with np.load(GOLDEN / "metric_images.npz") as archive:
        return dict(archive)


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("degraded", OFFICIAL)
def test_official_figures(images, degraded, figure):
    protocol, key, tolerance = FIGURES[figure]
    score = evaluate_images(images[degraded], images["clean"], protocol)[key]
    assert score == pytest.approx(OFFICIAL[degraded][figure], rel=0, abs=tolerance)


def test_exact_volume_ssim_differs_from_the_float32_one_by_rounding_only(images):
    official = evaluate_images(images["noisy"], images["clean"], "hinet")["ssim"]
    exact = evaluate_images(images["noisy"], images["clean"], "matlab")["ssim"]
    assert 1e-6 < abs(official - exact) < 5e-5


def test_valid_ssim_agrees_with_scikit_image(images):
    expected = skimage_ssim(
        images["noisy"],
        images["clean"],
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
        channel_axis=-1,
    )
    # scikit-image also crops the five border pixels before its mean.
    score = evaluate_images(images["noisy"], images["clean"], "basicsr")["ssim"]
    assert score == pytest.approx(expected, abs=1e-9)


def test_matlab_luma_is_rounded(images):
    # rgb2ycbcr of a uint8 image: 16 + (65.481 R + 128.553 G + 24.966 B) / 255, to uint8.
    def luma(image):
        return np.rint(16 + image.astype(float) @ (np.array([65.481, 128.553, 24.966]) / 255))

    error = np.mean((luma(images["noisy"]) - luma(images["clean"])) ** 2)
    score = evaluate_images(images["noisy"], images["clean"], "matlab_y")["psnr"]
    assert score == pytest.approx(10 * np.log10(255**2 / error), abs=1e-12)
    assert score != pytest.approx(OFFICIAL["noisy"]["psnr_y_float"], abs=5e-3)


def test_peak_is_not_guessed_from_an_unclipped_output(images):
    target = images["clean"]
    restored = target.astype(np.float32) / 255
    restored[0, 0] = 1.001  # The official code would now add 48.13 dB.
    inside = restored.copy()
    inside[0, 0] = 0.999
    difference = [evaluate_images(r, target, "hinet")["psnr"] for r in (restored, inside)]
    assert abs(difference[0] - difference[1]) < 0.1


def test_clamp_and_rounding_follow_the_protocol():
    target = np.full((16, 16, 3), 255, np.uint8)
    restored = np.full((16, 16, 3), 1.1, np.float32)
    assert evaluate_images(restored, target, "hinet")["psnr"] == pytest.approx(20, abs=1e-4)
    assert evaluate_images(restored, target, "matlab")["psnr"] == float("inf")
    nearly = np.full((16, 16, 3), 254.6 / 255)
    assert evaluate_images(nearly, target, "matlab")["psnr"] < 60
    assert evaluate_images(nearly, target, "basicsr")["psnr"] == float("inf")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_data_types_of_the_same_picture_score_alike(images, protocol):
    noisy, clean = images["noisy"], images["clean"]
    expected = evaluate_images(noisy, clean, protocol)
    wide = noisy.astype(np.uint16) * 257
    for restored in (noisy / 255.0, wide):
        got = evaluate_images(restored, clean, protocol)
        assert got["psnr"] == pytest.approx(expected["psnr"], abs=1e-9)
        assert got["ssim"] == pytest.approx(expected["ssim"], abs=1e-5)


def test_ssim_is_one_for_equal_images_and_gray_is_accepted(images):
    gray = images["clean"][..., 0]
    for protocol in ("hinet", "matlab", "basicsr"):
        score = evaluate_images(gray, gray, protocol)
        assert score == {"psnr": float("inf"), "ssim": pytest.approx(1, abs=1e-7)}


def test_byte_order_and_masks_change_nothing():
    images = np.random.default_rng(0).integers(0, 65536, (2, 16, 16, 3), np.uint16)
    expected = evaluate_images(*images, "basicsr")
    assert evaluate_images(*images.astype(">u2"), "basicsr") == expected
    masked = [np.ma.masked_array(image, mask=image > 30000) for image in images]
    assert evaluate_images(*masked, "basicsr") == expected


@pytest.mark.parametrize(
    ("restored", "target", "protocol", "message"),
    [
        (np.zeros((16, 16, 3), np.uint8), np.zeros((16, 17, 3), np.uint8), "hinet", "one shape"),
        (np.zeros((16, 16), np.uint8), np.zeros((16, 16), np.uint8), "hinet_y", "RGB"),
        (np.zeros((16, 16), int), np.zeros((16, 16), int), "hinet", "dtype=int64"),
        (np.zeros((9, 16), np.uint8), np.zeros((9, 16), np.uint8), "basicsr", "11x11"),
        (np.full((16, 16), np.nan), np.zeros((16, 16)), "hinet", "NaN"),
        (np.zeros((1, 16, 16, 3)), np.zeros((1, 16, 16, 3)), "hinet", "one by one"),
        (np.zeros((16, 16)), np.zeros((16, 16)), "psnr", "hinet_y, matlab"),
        (np.full((16, 16), 50.0), np.full((16, 16), 200.0), "basicsr", "up to 200; divide both"),
    ],
)
def test_mistakes_are_named(restored, target, protocol, message):
    with pytest.raises(ValueError, match=message):
        evaluate_images(restored, target, protocol)
