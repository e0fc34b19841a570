"""GoPro: motion blur from averaged high-speed video."""

from pathlib import Path
from typing import ClassVar

from hinet_tf.data.sources.image_files import PairFiles
from hinet_tf.data.tfds.image_pair_builder import ImagePairBuilder
from hinet_tf.data.tfds.pair_files import folders_below, search_pairs


class Gopro(ImagePairBuilder):
    """GoPro in 512-pixel crops at step 256 (16,824 pairs), and its 1,111 test images whole.

    The records hold plain pixels: about 32 GB, read many times faster than PNG.
    """

    MANUAL_DOWNLOAD_INSTRUCTIONS = """\
From https://seungjunnah.github.io/Datasets/gopro get GOPRO_Large.zip. Put it into a folder gopro/
of the manual folder, as it is or unpacked, with train/GOPR0372_07_00/blur/000047.png and
.../sharp/000047.png and so on (2,103 pairs in train, 1,111 in test). The copy with train/input/ and
train/target/ that MPRNet distributes will do too. blur/ is used, never blur_gamma/."""
    DESCRIPTION = (
        "GoPro dataset for dynamic scene deblurring: 2,103 training pairs in 512x512 crops at "
        "step 256, and 1,111 test pairs of 1280x720. Linear blur (blur/, not blur_gamma/)."
    )
    HOMEPAGE = "https://seungjunnah.github.io/Datasets/gopro"
    CITATION = """\
@inproceedings{nah2017deep,
  author = {Seungjun Nah and Tae Hyun Kim and Kyoung Mu Lee},
  title = {Deep Multi-scale Convolutional Neural Network for Dynamic Scene Deblurring},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition (CVPR)},
  year = {2017}
}"""
    LICENSE = "CC BY 4.0"
    EXPECTED: ClassVar[dict[str, int]] = {"train": 2103, "test": 1111}
    CROP = (512, 256)
    PLAIN_PIXELS = True

    def _find(self, roots: list[Path]) -> dict[str, list[PairFiles]]:
        kinds = {"blur": "sharp", "input": "target"}
        splits = {split: search_pairs(roots, kinds, split) for split in self.EXPECTED}
        gamma = [path for root in roots for path in folders_below(root, "blur_gamma")]
        alone = [path for path in gamma if not (path.parent / "blur").is_dir()]
        if alone:
            raise ValueError(
                f"{alone[0]} has no blur/ beside it; the benchmark uses blur/, and blur_gamma/ "
                f"holds other images. Unpack GOPRO_Large.zip completely."
            )
        return splits
