"""SIDD: real noise of phone cameras."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np

from hinet_tf.data.sources.image_files import PairFiles, image_files
from hinet_tf.data.sources.sidd_blocks import CLEAN_BLOCKS, NOISY_BLOCKS, read_sidd_blocks
from hinet_tf.data.tfds.image_pair_builder import ImagePairBuilder
from hinet_tf.data.tfds.pair_files import folders_below, search_pairs


class Sidd(ImagePairBuilder):
    """SIDD-Medium sRGB in 512-pixel crops at step 384, and the 1280 validation blocks.

    The records hold plain pixels: about 50 GB, read many times faster than PNG.
    """

    MANUAL_DOWNLOAD_INSTRUCTIONS = """\
From https://abdokamel.github.io/sidd/ get "SIDD-Medium Dataset, sRGB images only" and, from the
section on validation data, ValidationNoisyBlocksSrgb.mat and ValidationGtBlocksSrgb.mat. Put them
into a folder sidd/ of the manual folder: the archives as they are, or unpacked, with
SIDD_Medium_Srgb/Data/0001_001_S6_00100_00060_3200_L/0001_NOISY_SRGB_010.PNG and so on (320 pairs);
train/input/ and train/target/ with equal names will do too. The two .mat files lie beside."""
    DESCRIPTION = (
        "Smartphone Image Denoising Dataset: 320 pairs of noisy and clean photos of five phones "
        "(SIDD-Medium, sRGB), cut into 512x512 crops at step 384, and the 1280 validation "
        "blocks of 256x256."
    )
    HOMEPAGE = "https://abdokamel.github.io/sidd/"
    CITATION = """\
@inproceedings{abdelhamed2018high,
  author = {Abdelrahman Abdelhamed and Stephen Lin and Michael S. Brown},
  title = {A High-Quality Denoising Dataset for Smartphone Cameras},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition (CVPR)},
  year = {2018}
}"""
    LICENSE = "MIT"
    EXPECTED: ClassVar[dict[str, int]] = {"train": 320, "validation": 1}
    CROP = (512, 384)
    PLAIN_PIXELS = True
    # 40 photos, 32 blocks of each.
    BLOCKS_SHAPE = (40, 32, 256, 256, 3)

    def _find(self, roots: list[Path]) -> dict[str, list[PairFiles]]:
        files = [file for root in roots for file in image_files(root)]
        train = {}
        for noisy in files:
            if "_NOISY_" in noisy.name:
                name = noisy.stem.replace("_NOISY_", "_")
                clean = noisy.with_name(noisy.name.replace("_NOISY_", "_GT_"))
                if not clean.is_file():
                    raise ValueError(f"{noisy} has no partner {clean.name}; unpack it again.")
                train.setdefault(name, PairFiles(name, noisy, clean))
        pairs = [train[name] for name in sorted(train)]
        noisy, clean = (_find_mat(roots, name) for name in (NOISY_BLOCKS, CLEAN_BLOCKS))
        blocks = [PairFiles("blocks", noisy[0], clean[0])] if noisy and clean else []
        return {
            "train": pairs or search_pairs(roots, {"input": "target"}, "train"),
            "validation": blocks,
        }

    def _generate_examples(self, split: str, pairs: list[PairFiles]) -> Iterator:
        if split == "train":
            yield from super()._generate_examples(split, pairs)
            return
        _, noisy_path, clean_path = pairs[0]
        noisy, clean = self._blocks(noisy_path), self._blocks(clean_path)
        for number, (degraded, target) in enumerate(zip(noisy, clean, strict=True)):
            # The names of the official preparation.
            name = f"ValidationBlocksSrgb_{number}"
            self._check_leak(split, name, target.tobytes())
            yield name, self._example(name, degraded, target)

    def _blocks(self, path: Path) -> np.ndarray:
        blocks = read_sidd_blocks(path, self.BLOCKS_SHAPE)
        return blocks.reshape(-1, *self.BLOCKS_SHAPE[2:])


def _find_mat(roots: list[Path], name: str) -> list[Path]:
    folders = [folder for root in roots for folder in (root, *folders_below(root))]
    paths = [folder / f"{name}.mat" for folder in folders]
    return [path for path in paths if path.is_file()]
