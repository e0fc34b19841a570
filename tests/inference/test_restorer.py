"""Restorer against the official outputs, and its promises on size, type and tiles."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from hinet_tf import HINet, Restorer, to_local


@pytest.fixture(scope="module")
def restorer(official):
    return Restorer(official)


def test_float_output_is_the_official_one(restorer, official, official_io):
    for number in range(2):
        restored = restorer.restore(official_io["input_nchw"][number])
        np.testing.assert_allclose(restored, official_io["out2_nchw"][number], rtol=0, atol=2e-6)
    fast = Restorer(official, fast=True).restore(official_io["input_nchw"][0])
    np.testing.assert_allclose(fast, official_io["out1_nchw"][0], rtol=0, atol=2e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (7, 300, 1), (33, 17, 2), (20, 31, 4)])
def test_shape_and_type_out_as_in(restorer, shape, dtype):
    image = np.random.default_rng(0).random(shape)
    if np.issubdtype(dtype, np.integer):
        image = image * np.iinfo(dtype).max
    image = image.astype(dtype)
    restored = restorer.restore(image)
    assert (restored.shape, restored.dtype) == (image.shape, image.dtype)
    if image.ndim == 3 and image.shape[-1] in (2, 4):
        np.testing.assert_array_equal(restored[..., -1], image[..., -1])


def test_integers_are_rounded_half_to_even_of_the_float_result(restorer):
    image = np.random.default_rng(1).integers(0, 256, (48, 32, 3), dtype=np.uint8)
    exact = restorer.restore(image.astype(np.float32) / np.float32(255))
    expected = np.rint(np.clip(exact, 0, 1) * np.float32(255)).astype(np.uint8)
    np.testing.assert_array_equal(restorer.restore(image), expected)


def test_gray_through_a_colour_model_is_the_mean_of_three_equal_channels(restorer):
    gray = np.random.default_rng(2).random((32, 32), np.float32)
    expected = restorer.restore(np.repeat(gray[..., np.newaxis], 3, axis=-1)).mean(axis=-1)
    np.testing.assert_allclose(restorer.restore(gray), expected, atol=1e-6)


def test_padding_leaves_sizes_alone_that_need_none(restorer, official):
    image = np.random.default_rng(3).random((48, 80, 3), np.float32)
    expected = official(image[np.newaxis])["restored"][0]
    np.testing.assert_allclose(restorer.restore(image), expected, rtol=0, atol=1e-6)


def test_padding_mirrors(restorer, official):
    image = np.random.default_rng(4).random((45, 70, 3), np.float32)
    padded = np.pad(image, ((0, 3), (0, 10), (0, 0)), mode="symmetric")
    expected = official(padded[np.newaxis])["restored"][0, :45, :70]
    np.testing.assert_allclose(restorer.restore(image), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", [(64, 96, 3), (50, 90, 3)])
def test_tile_at_least_the_image_is_bit_identical(restorer, official, shape):
    image = np.random.default_rng(5).random(shape, np.float32)
    tiled = Restorer(official, tile=96).restore(image)
    np.testing.assert_array_equal(tiled, restorer.restore(image))


@pytest.mark.parametrize("batch_size", [1, 3])
def test_tiles_of_a_network_without_statistics_equal_the_whole_image(batch_size):
    # Without normalization a pixel depends on 28 pixels around it at most, so that with four
    # times that as overlap tiling changes nothing: any error of placement or blending shows.
    model = HINet(width=2, depth=2, hin_levels=())
    image = np.random.default_rng(6).random((205, 701, 3), np.float32)
    whole = Restorer(model).restore(image)
    tiled = Restorer(model, tile=336, overlap=112, batch_size=batch_size).restore(image)
    np.testing.assert_allclose(tiled, whole, rtol=0, atol=2e-6)


@pytest.mark.parametrize("local", [False, True])
def test_no_visible_step_across_tiles(tiny, local):
    # A smooth gradient with noise; the mean over a line averages the noise away.
    rng = np.random.default_rng(7)
    rows, columns = np.mgrid[0:400, 0:700]
    gradient = 0.2 + 0.4 * columns / 700 + 0.2 * rows / 400
    noisy = gradient[..., np.newaxis] + rng.normal(0, 10 / 255, (400, 700, 3))
    image = noisy.astype(np.float32)
    model = to_local(tiny, train_size=64) if local else tiny
    change = (Restorer(model, tile=256).restore(image) - image) * 255
    for axis in (0, 1):
        profile = change.mean(axis=(axis, 2))
        # The image's own border is no tile border.
        smooth = np.convolve(profile[32:-32], np.ones(8) / 8, mode="valid")
        assert np.abs(np.diff(smooth)).max() < 0.5


def test_self_ensemble_commutes_with_turns_and_flips(tiny):
    restorer = Restorer(tiny, self_ensemble=True)
    image = np.random.default_rng(8).random((48, 32, 3), np.float32)
    restored = restorer.restore(image)
    for view in (lambda x: np.rot90(x), lambda x: x[::-1], lambda x: x.swapaxes(0, 1)):
        np.testing.assert_allclose(restorer.restore(view(image)), view(restored), atol=2e-6)
    assert np.abs(restored - Restorer(tiny).restore(image)).max() > 1e-5


@pytest.mark.parametrize("memory", [2**20, 2**30], ids=["variables", "constants"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_restorer_keeps_the_weights_it_was_opened_with(memory, precision):
    model = HINet(width=2, depth=2, hin_levels=(0,))
    image = np.random.default_rng(0).random((16, 16, 3), np.float32)
    restorer = Restorer(model, memory=memory, precision=precision)
    before = restorer.restore(image)
    model.set_weights([weight / 2 for weight in model.get_weights()])
    np.testing.assert_array_equal(restorer.restore(image), before)
    assert np.abs(Restorer(model, memory=memory).restore(image) - before).max() > 0.01


def test_strength_blends_the_result_with_the_image(tiny):
    """In tiles as in one piece; nothing of it gives the image back, bit for bit."""
    image = np.random.default_rng(9).random((80, 96, 3), np.float32)
    whole = Restorer(tiny, tile=48, overlap=16).restore(image)
    half = Restorer(tiny, tile=48, overlap=16, strength=0.25).restore(image)
    np.testing.assert_allclose(half, 0.75 * image + 0.25 * whole, atol=1e-6)
    pixels = np.random.default_rng(9).integers(0, 2**16, (40, 50, 4), np.uint16)
    np.testing.assert_array_equal(Restorer(tiny, strength=0).restore(pixels), pixels)
    with pytest.raises(ValueError, match=r"`strength` must lie between 0 and 1\. Received: 1\.5"):
        Restorer(tiny, strength=1.5)


def test_memory_chooses_tiles(tiny):
    restorer = Restorer(tiny, memory=30_000_000)
    height, width = restorer.tile_size(2000, 3000)
    assert height % 16 == width % 16 == 0
    assert height * width * restorer.engine.bytes_per_pixel <= 30_000_000
    assert restorer.tile_size(100, 120) == (100, 120)


def test_bfloat16_stays_close(official, official_io):
    restored = Restorer(official, precision="bfloat16").restore(official_io["input_nchw"][0])
    error = np.sqrt(np.mean((restored - official_io["out2_nchw"][0]) ** 2))
    assert 1e-6 < error < 2e-3


def test_gray_model_restores_gray_and_refuses_colour():
    restorer = Restorer(HINet(width=2, depth=2, channels=1))
    assert restorer.restore(np.zeros((20, 20), np.uint8)).shape == (20, 20)
    assert restorer.restore(np.zeros((20, 20, 2), np.uint8)).shape == (20, 20, 2)
    with pytest.raises(ValueError, match="restores gray"):
        restorer.restore(np.zeros((20, 20, 3), np.uint8))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.full((16, 16, 3), np.nan, np.float32), "NaN"),
        (np.full((16, 16, 3), np.inf, np.float32), "infinite"),
        (np.full((16, 16, 3), 128.0), "divide by the peak"),
        (np.zeros((16, 16, 3), np.int32), "int32"),
        (np.zeros((16, 16, 7), np.uint8), "7 channels"),
        (np.zeros((1, 16, 16, 3), np.uint8), r"shape=\(1, 16, 16, 3\)"),
        (np.zeros((0, 16, 3), np.uint8), "shape"),
    ],
)
def test_bad_images_are_named(restorer, image, message):
    with pytest.raises(ValueError, match=message):
        restorer.restore(image)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tile": 100}, "multiple of 16"),
        ({"tile": 64, "overlap": 32}, "third"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 1.5}, "`batch_size` must be a whole number"),
        ({"tile": "64"}, "`tile` must be a positive multiple of 16. Received: tile='64'"),
        ({"memory": "1G"}, r"number of bytes, such as 2\*\*30. Received: memory='1G'"),
        ({"memory": float("nan")}, "Received: memory=nan"),
        ({"engine": "onnx"}, "openvino"),
        ({"engine": "litert"}, "tflite"),
        ({"precision": "int8"}, "bfloat16"),
    ],
)
def test_bad_options_are_named(tiny, options, message):
    with pytest.raises(ValueError, match=message):
        Restorer(tiny, **options)


@pytest.mark.parametrize("channels", [3, 4])
def test_either_byte_order_is_answered_in_kind(restorer, channels):
    image = np.random.default_rng(0).integers(0, 65536, (20, 24, channels), np.uint16)
    restored = restorer.restore(image.astype(">u2"))
    assert restored.dtype == np.dtype(">u2")
    np.testing.assert_array_equal(restored, restorer.restore(image))


@pytest.mark.parametrize("image", ["a.png", Path("a.png"), ["a.png"], [np.zeros((16, 16, 3))]])
def test_a_path_or_a_list_names_the_right_call(restorer, image):
    with pytest.raises(ValueError, match="restore_file"):
        restorer.restore(image)


def test_calling_it_answers_in_kind(restorer, tmp_path):
    photos = np.random.default_rng(0).integers(0, 256, (2, 20, 30, 3), np.uint8)
    first, second = (restorer.restore(photo) for photo in photos)
    np.testing.assert_array_equal(restorer(photos[0]), first)
    np.testing.assert_array_equal(restorer(tf.constant(photos[0])), first)
    batch = restorer(photos)
    assert (batch.shape, batch.dtype) == (photos.shape, photos.dtype)
    np.testing.assert_array_equal(batch, [first, second])
    Image.fromarray(photos[0]).save(tmp_path / "photo.png")
    np.testing.assert_array_equal(restorer(tmp_path / "photo.png"), first)
    Image.fromarray(photos[1, :9]).save(tmp_path / "other.png")
    answers = restorer([str(tmp_path / "photo.png"), photos[1], tmp_path / "other.png"])
    assert type(answers) is list
    for answer, expected in zip(answers, [first, second, restorer(photos[1, :9])], strict=True):
        np.testing.assert_array_equal(answer, expected)
    assert restorer([]) == [] and restorer(photos[:0]).shape == (0, 20, 30, 3)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ("missing.png", "missing.png: No such file"),
        (np.zeros((1, 1, 16, 16, 3)), "Received: shape=.1, 1, 16, 16, 3"),
        ([[0.5, 0.5]], r"Received: shape=\(\)"),
    ],
)
def test_calling_it_with_what_is_no_image_is_refused(restorer, images, message):
    with pytest.raises(ValueError, match=message):
        restorer(images)
