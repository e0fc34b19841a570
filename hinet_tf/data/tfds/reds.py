"""REDS: motion blur and JPEG, the NTIRE 2021 challenge."""

from pathlib import Path
from typing import ClassVar

from hinet_tf.data.sources.image_files import PairFiles
from hinet_tf.data.tfds.image_pair_builder import ImagePairBuilder
from hinet_tf.data.tfds.pair_files import folders_below, pairs_of


class Reds(ImagePairBuilder):
    """REDS with JPEG: 24,000 training frames, and every tenth validation frame (300).

    The records hold the bytes of the files; whole frames as plain pixels would be 130 GB.
    """

    MANUAL_DOWNLOAD_INSTRUCTIONS = """\
From https://seungjunnah.github.io/Datasets/reds get train_sharp, train_blur_jpeg, val_sharp and
val_blur_jpeg. Put them into a folder reds/ of the manual folder, as archives or unpacked, with
train/train_blur_jpeg/000/00000000.jpg and train/train_sharp/000/00000000.png and so on (24,000
frames in train, 3,000 in val). Flat names as 000_00000000.jpg will do too. The blur without JPEG
(train_blur) is another task and is not used."""
    DESCRIPTION = (
        "REalistic and Dynamic Scenes, blur and JPEG: 240 clips of 100 frames of 1280x720 to "
        "train on, and the 300 frames of the NTIRE 2021 validation (every tenth of 30 clips)."
    )
    HOMEPAGE = "https://seungjunnah.github.io/Datasets/reds"
    CITATION = """\
@inproceedings{nah2019ntire,
  author = {Seungjun Nah and Sungyong Baik and Seokil Hong and Gyeongsik Moon and Sanghyun Son
            and Radu Timofte and Kyoung Mu Lee},
  title = {NTIRE 2019 Challenge on Video Deblurring and Super-Resolution: Dataset and Study},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition Workshops (CVPRW)},
  year = {2019}
}"""
    LICENSE = "CC BY 4.0"
    EXPECTED: ClassVar[dict[str, int]] = {"train": 24_000, "validation": 300}

    def _find(self, roots: list[Path]) -> dict[str, list[PairFiles]]:
        frames = _pairs(roots, "val")
        return {
            "train": _pairs(roots, "train"),
            # The official list is `*9.*`: the frames 9, 19, ... 99 of each clip.
            "validation": [pair for pair in frames if pair.name.endswith("9")],
        }


def _pairs(roots: list[Path], part: str) -> list[PairFiles]:
    found: dict[str, PairFiles] = {}
    for root in roots:
        for folder in folders_below(root, f"{part}_blur_jpeg"):
            for pair in pairs_of(folder, folder.parent / f"{part}_sharp", joint="_"):
                found.setdefault(pair.name, pair)
        if not found and folders_below(root, f"{part}_blur"):
            raise ValueError(
                f"{root} has {part}_blur but no {part}_blur_jpeg; the benchmark has blur and "
                f"JPEG. Get {part}_blur_jpeg."
            )
    return [found[name] for name in sorted(found)]
