"""Damaged image files: the reader answers each with pixels or with its own error."""

import io
import random

import numpy as np
import pytest
import tifffile
from PIL import Image

from hinet_tf.images.header import read_header
from hinet_tf.images.image_file import open_image
from hinet_tf.images.image_file_error import ImageFileError


@pytest.fixture(scope="module")
def seeds() -> list[bytes]:
    pixels = np.random.default_rng(0).integers(0, 255, (24, 40, 3), np.uint8)
    files = []
    for name in ("PNG", "JPEG", "WEBP", "GIF"):
        files.append(io.BytesIO())
        Image.fromarray(pixels).save(files[-1], name)
    for tile in (None, (16, 16)):
        for compression in (None, "zlib"):
            files.append(io.BytesIO())
            tifffile.imwrite(
                files[-1], pixels, photometric="rgb", tile=tile, compression=compression
            )
    return [file.getvalue() for file in files]


def _mutant(rng: random.Random, seeds: list[bytes]) -> bytes:
    content = bytearray(rng.choice(seeds))
    start = rng.randrange(1, len(content))
    kind = rng.randrange(4)
    if kind == 0:
        return bytes(content[:start])
    if kind == 1:
        return bytes(content[:start]) + rng.choice(seeds)[start:]
    if kind == 2:
        end = min(start + rng.randrange(1, 300), len(content))
        content[start:end] = bytes(end - start)
        return bytes(content)
    for _ in range(rng.randrange(1, 5)):
        content[rng.randrange(min(len(content), 400))] = rng.randrange(256)
    return bytes(content)


@pytest.mark.parametrize("seed", range(4))
def test_mutants_end_in_pixels_or_in_one_error(tmp_path, seeds, seed):
    rng, path = random.Random(seed), tmp_path / "mutant"
    accepted = 0
    for _ in range(250):
        path.write_bytes(_mutant(rng, seeds))
        try:
            shape = open_image(path).read().shape
            accepted += 1
            header = read_header(path)
        except ImageFileError:
            continue
        assert (header.height, header.width) == shape[:2]
    assert 0 < accepted < 250
