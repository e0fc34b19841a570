"""Images in files, and the folders that hold them."""

import os
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from hinet_tf.data.sources.folder_listing import list_clean, list_pairs
from hinet_tf.data.sources.image_files import OnBad
from hinet_tf.data.sources.source import Source
from hinet_tf.images.header import ImageHeader
from hinet_tf.images.tensorflow_decode import decode_image, decoder_number


class FileSource(Source):
    """Images in files, decoded each time they are read.

    Args:
        clean: Headers of the clean images.
        degraded: Headers of the degraded partners in the same order, if there are any.
        names: One name per image; the file names without suffix by default.

    Raises:
        ValueError: If there are no images, or counts or sizes do not fit.

    Example:
    >>> from hinet_tf.images.header import read_header
    >>> FileSource([read_header("photo.png")]).names
    ('photo',)
    """

    def __init__(
        self,
        clean: Sequence[ImageHeader],
        degraded: Sequence[ImageHeader] | None = None,
        names: Sequence[str] | None = None,
    ):
        if not clean or (degraded is not None and len(degraded) != len(clean)):
            raise ValueError(
                f"Received {len(clean)} clean and "
                f"{'no' if degraded is None else len(degraded)} degraded images; expected at "
                f"least one, and a partner for each."
            )
        for image, partner in zip(clean, degraded or (), strict=False):
            if (image.height, image.width) != (partner.height, partner.width):
                raise ValueError(
                    f"{partner.path} is {partner.height}x{partner.width}, its clean partner "
                    f"{image.path} is {image.height}x{image.width}; expected the same size."
                )
        self.names = tuple(header.path.stem for header in clean) if names is None else tuple(names)
        self.paired = degraded is not None
        # Headers of the clean images and, of pairs, those of the degraded ones.
        self.sides = tuple(tuple(side) for side in (clean, degraded) if side is not None)
        bits = max(header.bits for side in self.sides for header in side)
        self.dtype = tf.uint16 if bits == 16 else tf.uint8
        self._paths = tf.constant([[str(header.path) for header in side] for side in self.sides])
        self._decoders = tf.constant([[*map(decoder_number, side)] for side in self.sides])

    def read(self, index: tf.Tensor) -> tuple[tf.Tensor | None, tf.Tensor]:
        """Returns one pair; see `Source.read`."""
        images = [
            decode_image(self._paths[side, index], self._decoders[side, index], self.dtype)
            for side in range(len(self.sides))
        ]
        return images[1] if self.paired else None, images[0]

    def decoded_bytes(self) -> np.ndarray:
        """Returns how many bytes each image, or pair, takes in memory once decoded."""
        sizes = [[h.height * h.width * h.channels for h in side] for side in self.sides]
        return self.dtype.size * np.sum(sizes, axis=0, dtype=np.int64)


def clean_folder(
    folder: str | os.PathLike[str], split: str = "train", on_bad: OnBad | None = None
) -> FileSource:
    """Returns the images below a folder as clean ones, to be degraded on the fly.

    Without subfolders `train`, `val`, `test` about one file of twenty (but at least one of two or
    more) is held back for `"val"`, chosen by its name: files that join the folder move no other.

    Args:
        folder: The folder.
        split: `"train"`, `"val"`, `"test"` (only where there is such a subfolder), or `"all"`,
            which holds nothing back.
        on_bad: Called with each unusable file, which is then left out; by default it is raised.

    Returns:
        The source; names are paths below the folder, without suffix.

    Raises:
        ValueError: If there is no usable image, or a file is unusable and `on_bad` is `None`.
        FileNotFoundError: If there is no such folder.

    Example:
    >>> source = clean_folder("photos", "train")
    """
    return FileSource(*list_clean(folder, split, on_bad))


def paired_folder(
    folder: str | os.PathLike[str], split: str = "train", on_bad: OnBad | None = None
) -> FileSource:
    """Returns the pairs in `folder/split/input` and `folder/split/target`.

    Args:
        folder: The folder that holds `train`, `val` and `test`.
        split: Which of them.
        on_bad: Called with each unusable pair, which is then left out; by default it is raised.

    Returns:
        The source; names are paths below `target`, without suffix.

    Raises:
        ValueError: If there is no usable pair, or a pair is unusable and `on_bad` is `None`.
        FileNotFoundError: If a folder is missing.

    Example:
    >>> source = paired_folder("gopro", "test")
    """
    return FileSource(*list_pairs(folder, split, on_bad))
