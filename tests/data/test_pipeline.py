"""Training batches: what is in them, and that they depend on seed and step alone."""

import sys

import numpy as np
import pytest
import tensorflow as tf

from hinet_tf.data import ArraySource, GaussianNoise, builtin_photos, training_pipeline
from hinet_tf.data.degradations import Defocus


def gradient_image(height, width, dtype=np.uint8):
    """Every pixel of it says where it lies."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, rows ^ columns], axis=-1).astype(dtype)


def batches(count, **arguments):
    dataset = training_pipeline(**arguments)
    return [(degraded.numpy(), clean.numpy()) for degraded, clean in dataset.take(count)]


@pytest.fixture
def photos():
    return {
        "sources": builtin_photos("train"),
        "degradation": GaussianNoise(25),
        "patch": 32,
        "batch": 6,
        "seed": 3,
    }


def test_a_degradation_is_traced_as_it_stands(photos):
    """AutoGraph would write its own version of it, and of all that it calls, in seconds."""
    traced = []

    class Unchanged:
        margin = 0

        def __call__(self, image, seed):
            traced.append(sys._getframe().f_code.co_filename)
            return image

    training_pipeline(**(photos | {"degradation": Unchanged()}))
    assert traced and set(traced) == {__file__}


def test_shapes_types_and_range(photos):
    dataset = training_pipeline(**photos)
    spec = tf.TensorSpec((6, 32, 32, 3), tf.float32)
    assert dataset.element_spec == (spec, spec)
    for tensor in next(iter(dataset)):
        assert tensor.numpy().min() >= 0 and tensor.numpy().max() <= 1


def test_same_seed_same_batches_other_seed_others(photos):
    first, second, other = (batches(2, **{**photos, "seed": seed}) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, second)
    assert not np.any([np.array_equal(a, b) for a, b in zip(first[0], other[0], strict=True)])


def test_resumed_at_a_step_equals_uninterrupted(photos):
    whole = batches(6, **photos)
    np.testing.assert_array_equal(whole[4:], batches(2, **photos, start_step=4))


@pytest.mark.parametrize("shard_count", [2, 3])
def test_shards_make_up_the_global_batch(photos, shard_count):
    whole = batches(2, **photos)
    parts = [
        batches(2, **photos, shard_count=shard_count, shard_index=index)
        for index in range(shard_count)
    ]
    np.testing.assert_array_equal(whole, np.concatenate(parts, axis=2))


def test_no_two_samples_are_alike(photos):
    degraded, clean = map(np.concatenate, zip(*batches(8, **photos), strict=True))
    assert len({patch.tobytes() for patch in clean}) == len(clean)
    # Nor is their noise.
    noise = np.corrcoef((degraded - clean).reshape(len(clean), -1)) - np.eye(len(clean))
    assert np.abs(noise).max() < 0.2


def test_input_and_target_are_cut_and_turned_alike():
    images = [gradient_image(40, 50), gradient_image(33, 70)]
    source = ArraySource(images, [255 - image for image in images])
    for degraded, clean in batches(20, sources=source, patch=24, batch=8):
        np.testing.assert_array_equal(np.rint(degraded * 255), 255 - np.rint(clean * 255))


@pytest.mark.parametrize("augmentation", ["none", "dihedral"])
def test_patches_are_patches_of_the_image_from_everywhere(augmentation):
    image = gradient_image(20, 24)
    source = ArraySource([image], [image])
    origins, turned = set(), 0
    for _, clean in batches(60, sources=source, patch=16, batch=8, augmentation=augmentation):
        for patch in np.rint(clean * 255).astype(np.uint8):
            corners = patch[[0, 0, -1, -1], [0, -1, 0, -1]]
            top, left = corners[:, 0].min(), corners[:, 1].min()
            origins.add((int(top), int(left)))
            expected = image[top : top + 16, left : left + 16]
            turned += not np.array_equal(patch, expected)
            assert np.array_equal(np.sort(patch, axis=None), np.sort(expected, axis=None))
    assert origins == {(top, left) for top in range(5) for left in range(9)}
    assert (turned > 0) == (augmentation == "dihedral")


def test_small_images_are_continued_like_cv2_border_reflect():
    image = gradient_image(5, 7)
    source = ArraySource([image], [image])
    ((_, clean),) = batches(1, sources=source, patch=16, batch=1, augmentation="none")
    # NumPy's "symmetric" is cv2.BORDER_REFLECT: the edge pixel comes twice.
    expected = np.pad(image, ((0, 11), (0, 9), (0, 0)), mode="symmetric")
    np.testing.assert_array_equal(np.rint(clean[0] * 255), expected)


def test_16_bits_are_kept():
    image = (gradient_image(16, 16, np.uint16) * 4096) + 1
    source = ArraySource([image], [image])
    ((_, clean),) = batches(1, sources=source, patch=16, batch=1, augmentation="none")
    np.testing.assert_array_equal(clean[0], image.astype(np.float32) / 65535)


def test_gray_and_colour_mix():
    gray = gradient_image(32, 32)[..., :1]
    source = ArraySource([gray, gradient_image(32, 32)], [gray, gradient_image(32, 32)])
    for channels in (1, 3):
        for _, clean in batches(4, sources=source, patch=16, batch=4, channels=channels):
            assert clean.shape == (4, 16, 16, channels)


def test_sources_are_mixed_by_weight_and_only_clean_ones_degraded():
    """Gray 10 comes in pairs with 200; gray 90 is clean and gets noise."""
    gray = [np.full((16, 16, 3), value, np.uint8) for value in (10, 200, 90)]
    sources = [ArraySource([gray[0]], [gray[1]]), ArraySource([gray[2]])]
    arguments = {"patch": 4, "batch": 100, "weights": [1, 3], "degradation": GaussianNoise(10)}
    counts = {10: 0, 90: 0}
    for degraded, clean in batches(10, sources=sources, **arguments):
        for one, other in zip(degraded * 255, np.rint(clean * 255), strict=True):
            counts[int(other[0, 0, 0])] += 1
            assert (one.std() > 1) == (other[0, 0, 0] == 90)
            assert other[0, 0, 0] == 90 or np.allclose(one, 200)
    assert counts == {10: 250, 90: 750}


def test_luma_is_that_of_pillow():
    from PIL import Image

    image = builtin_photos("val").images(0)[1][:32, :32]
    source = ArraySource([image], [image])
    arguments = {"patch": 32, "batch": 1, "augmentation": "none", "channels": 1}
    ((_, clean),) = batches(1, sources=source, **arguments)
    expected = np.asarray(Image.fromarray(image).convert("L"))
    assert np.abs(clean[0, ..., 0] * 255 - expected).max() < 0.51


def test_no_border_shows_in_blurred_patches():
    """A patch is blurred with its true surroundings, not with a reflection of itself."""
    image = builtin_photos("val").images(0)[1]
    blur = Defocus(3.0)
    whole = blur(image.astype(np.float32) / 255, 0).numpy()
    arguments = {"patch": 32, "batch": 4, "augmentation": "none", "degradation": blur}
    for degraded, clean in batches(3, sources=ArraySource([image]), **arguments):
        for patch, target in zip(degraded, np.rint(clean * 255).astype(np.uint8), strict=True):
            windows = np.lib.stride_tricks.sliding_window_view(image[..., 0], (32, 32))
            top, left = np.argwhere((windows == target[..., 0]).all(axis=(2, 3)))[0]
            np.testing.assert_allclose(
                patch, whole[top : top + 32, left : left + 32], atol=2e-5, rtol=0
            )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"degradation": None}, "no degraded partners"),
        ({"patch": 0}, "`patch` is 0; expected a positive integer"),
        ({"batch": 2.5}, "`batch` is 2.5; expected a positive integer"),
        ({"augmentation": "flips"}, "`augmentation` is 'flips'"),
        ({"channels": 4}, "`channels` is 4"),
        ({"start_step": -1}, "`start_step` is -1"),
        ({"shard_count": 4}, "a batch that the shards divide evenly"),
        ({"shard_count": 2, "shard_index": 2}, "an index below their count"),
        ({"sources": []}, "as hinet_tf.data.open_sources returns them. Received: none"),
        (
            {"sources": "pairs"},
            r"Received: 'pairs', a name; .*open_sources\('pairs', 'train'",
        ),
        ({"sources": [1, "pairs"]}, "Received: int, str"),
    ],
)
def test_wrong_arguments(photos, change, message):
    with pytest.raises(ValueError, match=message):
        training_pipeline(**{**photos, **change})
