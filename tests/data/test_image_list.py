"""Images decoded without TensorFlow."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from hinet_tf.data import builtin_photos, open_sources
from hinet_tf.data.sources.image_list import open_image_lists


@pytest.fixture
def photos(tmp_path):
    photo = builtin_photos("val").images(0)[1][:53, :61]
    folder = tmp_path / "photos" / "train"
    folder.mkdir(parents=True)
    Image.fromarray(photo).save(folder / "a.jpg", quality=80)
    Image.fromarray(photo).convert("P").save(folder / "b.png")
    Image.fromarray(photo).convert("LA").save(folder / "c.png")
    Image.fromarray(photo).convert("1").save(folder / "d.png")
    Image.fromarray(photo).save(folder / "e.tif")
    Image.fromarray(photo).save(folder / "f.webp")
    return folder.parent


def test_the_values_are_those_of_the_pipeline(photos):
    (images,) = open_image_lists(str(photos), "train")
    (source,) = open_sources(str(photos), "train")
    assert list(images.names) == list(source.names)
    assert not images.paired and len(images) == 6
    for index in range(6):
        expected = np.broadcast_to(source.images(index)[1], (53, 61, 3))
        np.testing.assert_array_equal(images.images(index)[1], expected)


def test_what_is_not_held_is_refused_or_left_out(photos):
    path = photos / "train" / "wide.png"
    path.write_bytes(tf.io.encode_png(np.zeros((8, 8, 3), np.uint16)).numpy())
    corrupt = photos / "train" / "b.png"
    content = bytearray(corrupt.read_bytes())
    content[len(content) // 2] ^= 0xFF
    corrupt.write_bytes(content)
    with pytest.raises(ValueError, match=r"b\.png"):
        open_image_lists(str(photos), "train")
    bad = []
    (images,) = open_image_lists(str(photos), "train", bad.append)
    assert len(images) == 5 and len(bad) == 2
    assert any("wide.png: 16 bits per value" in str(error) for error in bad)
    with pytest.raises(ValueError, match="needs TensorFlow"):
        open_image_lists("tfds:gopro")
