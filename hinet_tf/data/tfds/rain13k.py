"""Rain13k: synthetic rain, and the five test sets that go with it."""

from pathlib import Path
from typing import ClassVar

from hinet_tf.data.sources.image_files import PairFiles
from hinet_tf.data.tfds.image_pair_builder import ImagePairBuilder
from hinet_tf.data.tfds.pair_files import search_pairs


class Rain13k(ImagePairBuilder):
    """Rain13k: 13,712 training pairs and five test sets, each a split of its own.

    Published averages are the mean of the five sets' means, not of all images.
    """

    MANUAL_DOWNLOAD_INSTRUCTIONS = """\
Follow "Deraining" of https://github.com/swz30/MPRNet to its training data (Rain13K) and its five
test sets. Put them into a folder rain13k/ of the manual folder, as archives or unpacked, with
train/Rain13K/input/1.jpg and .../target/1.jpg and so on (13,712 pairs), and test/Test100/input,
test/Test100/target, and likewise Rain100H, Rain100L, Test2800 and Test1200. train/input/ and
train/target/ without the folder between will do too."""
    DESCRIPTION = (
        "13,712 pairs of rainy and clean images gathered from four synthetic datasets, and the "
        "test sets Test100, Rain100H, Rain100L, Test2800 and Test1200."
    )
    HOMEPAGE = "https://github.com/swz30/MPRNet"
    CITATION = """\
@inproceedings{jiang2020multi,
  author = {Kui Jiang and Zhongyuan Wang and Peng Yi and Chen Chen and Baojin Huang and Yimin Luo
            and Jiayi Ma and Junjun Jiang},
  title = {Multi-Scale Progressive Fusion Network for Single Image Deraining},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition (CVPR)},
  year = {2020}
}"""
    LICENSE = "Not stated by the authors; research use."
    EXPECTED: ClassVar[dict[str, int]] = {
        "train": 13_712,
        "test100": 100,
        "rain100h": 100,
        "rain100l": 100,
        "test2800": 2800,
        "test1200": 1200,
    }

    def _find(self, roots: list[Path]) -> dict[str, list[PairFiles]]:
        return {split: search_pairs(roots, {"input": "target"}, split) for split in self.EXPECTED}
