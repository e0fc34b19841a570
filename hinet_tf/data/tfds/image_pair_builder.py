"""What the dataset builders have in common."""

import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from hinet_tf.data.sources.image_files import PairFiles
from hinet_tf.data.tfds.pair_files import archives
from hinet_tf.images.header import decode_file, read_header
from hinet_tf.images.tensorflow_decode import decode_content


class ExactImage(tfds.features.Image):
    """`tfds.features.Image`, with the accurate JPEG transform of libjpeg, Pillow and OpenCV.

    TFDS decodes with TensorFlow's default, a faster one that gives other pixels; scores measured
    on those would not be the published ones.

    Example:
    >>> features = tfds.features.FeaturesDict({"input": ExactImage(shape=(None, None, 3))})
    """

    def decode_example(self, example: tf.Tensor) -> tf.Tensor:
        """Returns the pixels of an encoded image."""
        return tf.ensure_shape(decode_content(example), self.shape)


class ImagePairBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Prepares pairs of images from files the user has downloaded.

    A preparation checks the number of source images and that no clean image lies in two splits
    before it counts as done, and TFDS renames it into place at its end: a half one is never
    taken for a whole one.

    Subclasses set the class attributes and `_find`.

    Args:
        strict: Whether to insist on the published numbers of images and on separate splits;
            `False` prepares what is there.
        **kwargs: As for any TFDS builder.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {
        "1.0.0": "The preparation of the official HINet code."
    }

    DESCRIPTION: str
    HOMEPAGE: str
    CITATION: str
    LICENSE: str
    # Source pairs of each split, as published.
    EXPECTED: ClassVar[dict[str, int]]
    # Side and step of the training crops; None keeps whole images.
    CROP: tuple[int, int] | None = None
    # Whether records hold plain pixels, which are read many times faster, or the files' bytes.
    PLAIN_PIXELS: bool = False

    def __init__(self, *, strict: bool = True, **kwargs):
        self._strict = strict
        self._origins: dict[bytes, tuple[str, str]] = {}
        super().__init__(**kwargs)

    def _find(self, roots: list[Path]) -> dict[str, list[PairFiles]]:
        """Returns the pairs of each split, found below the roots."""
        raise NotImplementedError

    def _info(self) -> tfds.core.DatasetInfo:
        if self.PLAIN_PIXELS:
            image = tfds.features.Tensor(
                shape=(None, None, 3), dtype=np.uint8, encoding=tfds.features.Encoding.BYTES
            )
        else:
            image = ExactImage(shape=(None, None, 3))
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.DESCRIPTION,
            features=tfds.features.FeaturesDict(
                {"input": image, "target": image, "name": tfds.features.Text()}
            ),
            supervised_keys=("input", "target"),
            homepage=self.HOMEPAGE,
            citation=self.CITATION,
            license=self.LICENSE,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        manual = Path(dl_manager.manual_dir)
        # TFDS has one folder for the downloads of all datasets, so each may have one of its own.
        root = manual / self.name if (manual / self.name).is_dir() else manual
        splits = self._find([root])
        if not self._complete(splits) and archives(root):
            # Archives cost a copy on disk, so they are only unpacked where they are needed.
            unpacked = [Path(dl_manager.extract(archive)) for archive in archives(root)]
            splits = self._find([root, *unpacked])
        missing = [split for split in self.EXPECTED if not splits.get(split)]
        if missing:
            raise ValueError(
                f"{root} has no images of {', '.join(missing)} of {self.name}. "
                f"{self.MANUAL_DOWNLOAD_INSTRUCTIONS}"
            )
        if self._strict and not self._complete(splits):
            counts = ", ".join(
                f"{split} {len(splits[split])} of {number}"
                for split, number in self.EXPECTED.items()
            )
            raise ValueError(
                f"{root} has not all pairs of {self.name}: {counts}; unpack the missing ones, or "
                f"pass strict=False to prepare what is there."
            )
        return {split: self._generate_examples(split, pairs) for split, pairs in splits.items()}

    def _complete(self, splits: dict[str, list[PairFiles]]) -> bool:
        return all(len(splits.get(s, ())) == number for s, number in self.EXPECTED.items())

    def _generate_examples(self, split: str, pairs: list[PairFiles]) -> Iterator[tuple[str, Any]]:
        for pair in pairs:
            self._check_leak(split, pair.name, pair.clean.read_bytes())
            degraded, clean = read_header(pair.degraded), read_header(pair.clean)
            if (degraded.height, degraded.width) != (clean.height, clean.width):
                raise ValueError(
                    f"{pair.degraded} is {degraded.height}x{degraded.width}, {pair.clean} is "
                    f"{clean.height}x{clean.width}; copy or unpack the data again."
                )
            if not self.PLAIN_PIXELS:
                # Their own bytes: decoding and encoding a JPEG again would change it.
                yield pair.name, self._example(pair.name, *map(str, pair[1:]))
                continue
            images = [_rgb(decode_file(header, np.uint8)) for header in (degraded, clean)]
            if split == "train" and self.CROP:
                yield from self._crops(pair.name, *images)
            else:
                yield pair.name, self._example(pair.name, *images)

    def _crops(self, name: str, degraded: np.ndarray, clean: np.ndarray) -> Iterator:
        side, step = self.CROP
        rows, columns = (crop_starts(size, side, step) for size in clean.shape[:2])
        for number, (row, column) in enumerate(itertools.product(rows, columns), start=1):
            window = slice(row, row + side), slice(column, column + side)
            crop_name = f"{name}_s{number:03d}"
            yield crop_name, self._example(crop_name, degraded[window], clean[window])

    def _example(self, name: str, degraded: Any, clean: Any) -> dict[str, Any]:
        return {"input": degraded, "target": clean, "name": name}

    def _check_leak(self, split: str, name: str, content: bytes) -> None:
        """Raises if a clean image is in a training split and in another one."""
        digest = hashlib.blake2b(content, digest_size=16).digest()
        other_split, other = self._origins.setdefault(digest, (split, name))
        # The test sets of Rain13k share backgrounds with each other, which leaks nothing.
        if self._strict and other_split != split and "train" in (split, other_split):
            raise ValueError(
                f"The clean image {name} of {split} is also {other} of {other_split}; a score on "
                f"it would be worthless. Remove one, or pass strict=False."
            )


def crop_starts(size: int, side: int, step: int) -> list[int]:
    """Returns where crops begin along one axis, as in the official preparation.

    Crops follow at `step`; a last one at the very end covers what remains
    (`extract_subimages` in scripts/data_preparation of the official code, thresh_size 0).

    Args:
        size: Length of the image.
        side: Length of a crop.
        step: Distance of two crops.

    Returns:
        The first pixel of each crop.

    Raises:
        ValueError: If the image is smaller than a crop.

    Example:
    >>> crop_starts(720, 512, 256)
    [0, 208]
    """
    if size < side:
        raise ValueError(f"The image has {size} pixels along one side; expected {side} at least.")
    starts = list(range(0, size - side + 1, step))
    return starts if starts[-1] == size - side else [*starts, size - side]


def _rgb(image: np.ndarray) -> np.ndarray:
    return np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image
