"""Damaged image files: the reader answers each with pixels or with its own error."""

import random

import pytest

from hinet_tf.images.header import read_header
from hinet_tf.images.image_file import open_image
from hinet_tf.images.image_file_error import ImageFileError
from tests.fuzz.mutants import image_files, mutant


@pytest.fixture(scope="module")
def files():
    return image_files()


def test_whole_files_are_read(files, tmp_path):
    path = tmp_path / "whole"
    for content in files:
        path.write_bytes(content)
        assert sorted(open_image(path).read().shape[:2]) == [24, 40]


@pytest.mark.parametrize("seed", range(4))
def test_mutants_end_in_pixels_or_in_one_error(tmp_path, files, seed):
    rng, path = random.Random(seed), tmp_path / "mutant"
    accepted = 0
    for _ in range(250):
        path.write_bytes(mutant(rng, files))
        try:
            shape = open_image(path).read().shape
            accepted += 1
            header = read_header(path)
        except ImageFileError:
            continue
        assert (header.height, header.width) == shape[:2]
    assert 0 < accepted < 250
