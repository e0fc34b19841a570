"""Folders of which memory holds a part."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from hinet_tf.data import ArraySource, clean_folder, open_sources, opening, paired_folder
from hinet_tf.data.sources.cache import cached
from hinet_tf.data.sources.file_source import FileSource
from hinet_tf.data.sources.partly_cached import PartlyCachedSource

SIDE = 8
IMAGES = np.random.default_rng(0).integers(0, 256, (4, SIDE, SIDE, 3), np.uint8)


def write(folder):
    folder.mkdir(parents=True)
    for number, image in enumerate(IMAGES):
        Image.fromarray(image).save(folder / f"{number}.png")


@pytest.fixture
def pairs(tmp_path):
    write(tmp_path / "train" / "target")
    write(tmp_path / "train" / "input")
    Image.fromarray(255 - IMAGES[1]).save(tmp_path / "train" / "input" / "1.png")
    return tmp_path


@pytest.mark.parametrize("paired", [True, False])
def test_memory_holds_as_many_images_as_fit(pairs, paired):
    target = pairs / "train" / "target"
    plain = paired_folder(pairs, "train") if paired else clean_folder(target, "all")
    each = IMAGES[0].size * (2 if paired else 1)
    assert cached(plain, memory=each - 1) is plain
    assert isinstance(cached(plain, memory=4 * each), ArraySource)
    source = cached(plain, memory=3 * each - 1)
    assert source.names == plain.names and source.paired == paired
    in_pipeline = tf.data.Dataset.range(4).map(lambda number: source.read(number)[1])
    np.testing.assert_array_equal(list(in_pipeline.as_numpy_iterator()), IMAGES)
    # The first two need their files no more.
    for path in pairs.glob("train/*/[012].png"):
        path.unlink()
    np.testing.assert_array_equal(source.images(1)[1], IMAGES[1])
    if paired:
        np.testing.assert_array_equal(source.images(1)[0], 255 - IMAGES[1])
    with pytest.raises(tf.errors.NotFoundError):
        source.images(2)
    np.testing.assert_array_equal(source.images(3)[1], IMAGES[3])


def test_bad_images_leave_the_rest_to_its_files(tmp_path):
    """Headers and ends are whole, so that it shows when those are decoded that memory holds."""
    write(tmp_path / "photos")
    for number in (0, 1):
        path = tmp_path / "photos" / f"{number}.png"
        content = bytearray(path.read_bytes())
        start = content.index(b"IDAT") + 4
        content[start : start + 16] = bytes(16)
        path.write_bytes(content)
    listed, errors = clean_folder(tmp_path / "photos", "all"), []
    source = cached(listed, memory=2 * IMAGES[0].size, on_bad=errors.append)
    assert [error.path.name for error in errors] == ["0.png", "1.png"]
    assert source.names == listed.names[2:]
    np.testing.assert_array_equal(source.images(0)[1], IMAGES[2])
    with pytest.raises(ValueError, match="None of 2 images could be decoded"):
        cached(FileSource(listed.sides[0][:2]), "memory", errors.append)
    # What memory does not hold is looked through as well.
    bad, good = listed.sides[0][:2], listed.sides[0][2:]
    size = IMAGES[0].size
    for headers, memory, names in (
        ([*bad, *good], 0, listed.names[2:]),
        ([*good, *bad], 2 * size, listed.names[2:]),
        ([good[0], bad[0], good[1]], size, listed.names[2:]),
    ):
        source = cached(FileSource(headers), memory=memory, on_bad=errors.append)
        assert [Path(name).stem for name in source.names] == [*names]
    with pytest.raises(ValueError, match="None of 2 images could be decoded"):
        cached(FileSource(bad), memory=size, on_bad=errors.append)


def test_sources_share_the_memory(tmp_path, monkeypatch):
    write(tmp_path / "one" / "train")
    write(tmp_path / "two" / "train")
    monkeypatch.setattr(opening, "cache_memory", lambda: 6 * IMAGES[0].size)
    one, two = open_sources(f"{tmp_path / 'one'},{tmp_path / 'two'}", "train")
    assert isinstance(one, ArraySource)
    assert isinstance(two, PartlyCachedSource)


def test_held_images_and_files_have_one_depth(tmp_path):
    write(tmp_path / "photos")
    deep = np.full((SIDE, SIDE, 3), 65535, np.uint16)
    source = PartlyCachedSource(ArraySource([deep]), clean_folder(tmp_path / "photos", "all"))
    assert source.dtype == tf.uint16
    np.testing.assert_array_equal(source.images(0)[1], deep)
    np.testing.assert_array_equal(source.images(3)[1], IMAGES[2].astype(np.uint16) * 257)
