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
        headers = [*clean, *(degraded or ())]
        self.headers = tuple(headers)
        self.dtype = tf.uint16 if any(header.bits == 16 for header in headers) else tf.uint8
        self._clean = _Files(clean)
        self._degraded = _Files(degraded) if self.paired else None

    def read(self, index: tf.Tensor) -> tuple[tf.Tensor | None, tf.Tensor]:
        """Returns one pair; see `Source.read`."""
        degraded = self._degraded.read(index, self.dtype) if self.paired else None
        return degraded, self._clean.read(index, self.dtype)

    def decoded_bytes(self) -> int:
        """Returns how many bytes the images take in memory once decoded."""
        return self.dtype.size * int(
            np.sum([h.height * h.width * h.channels for h in self.headers], dtype=np.int64)
        )


class _Files:
    def __init__(self, headers: Sequence[ImageHeader]):
        self._paths = tf.constant([str(header.path) for header in headers])
        self._decoders = tf.constant([decoder_number(header) for header in headers])

    def read(self, index: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
        return decode_image(self._paths[index], self._decoders[index], dtype)


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
