"""Decoded images in the host's memory, without TensorFlow."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hinet_tf.data.sources.builtin import builtin_images
from hinet_tf.data.sources.folder_listing import list_folder
from hinet_tf.data.sources.image_files import OnBad, ShowProgress, no_progress, raise_error
from hinet_tf.images.header import ImageHeader, decode_file
from hinet_tf.images.image_file_error import ImageFileError


@dataclass(frozen=True)
class ImageList:
    """Clean images, or pairs of a degraded and a clean one, as 8-bit RGB arrays.

    What `ArraySource` is to the pipeline of `tf.data`, for training without TensorFlow.

    Args:
        names: One name per image.
        clean: Arrays `(height, width, 3)`, uint8, of any sizes.
        degraded: Their partners of the same sizes; `None` if there are none.

    Example:
    >>> images = ImageList(["chelsea"], [photo])
    """

    names: Sequence[str]
    clean: Sequence[np.ndarray]
    degraded: Sequence[np.ndarray] | None = None

    @property
    def paired(self) -> bool:
        """Whether each clean image has a degraded partner."""
        return self.degraded is not None

    def __len__(self) -> int:
        return len(self.names)

    def name(self, index: int) -> str:
        """Returns the name of one image."""
        return self.names[index]

    def images(self, index: int) -> tuple[np.ndarray | None, np.ndarray]:
        """Returns degraded (`None` if not paired) and clean image number `index`."""
        return self.degraded[index] if self.paired else None, self.clean[index]


def open_image_lists(
    data: str, split: str = "train", on_bad: OnBad | None = None
) -> list[ImageList]:
    """Decodes the images that `--data` names, for one split.

    Args:
        data: `"builtin"`, a paired folder, a folder of clean images, or several of these with
            commas between, as for `open_sources`.
        split: `"train"`, `"val"` or `"test"`.
        on_bad: Called with each unusable file, which is then left out; by default the first one
            is raised.

    Returns:
        One list for each part of `data`.

    Raises:
        ValueError: If a file is unusable, or `data` names a TensorFlow dataset.
        FileNotFoundError: If a folder does not exist.

    Example:
    >>> lists = open_image_lists("builtin", "train")
    """
    names = [name.strip() for name in data.split(",") if name.strip()]
    if not names:
        raise ValueError("`data` is empty; expected builtin or a folder.")
    return [_open(name, split, on_bad) for name in names]


def _open(name: str, split: str, on_bad: OnBad | None) -> ImageList:
    if name == "builtin":
        photos = builtin_images("train" if split == "train" else "val")
        return ImageList(list(photos), list(photos.values()))
    if name.startswith("tfds:"):
        raise ValueError(
            f"{name} needs TensorFlow; use training/train.py, or name the folder of its images."
        )
    listing = list_folder(Path(name), split, on_bad)
    columns = [listing.clean] if listing.degraded is None else [listing.clean, listing.degraded]
    names, images = decode_all(listing.names, columns, _rgb, on_bad)
    if not names:
        raise none_decoded(len(listing.names))
    return ImageList(names, *images)


def decode_all(
    names: Sequence[str],
    columns: Sequence[Sequence[ImageHeader]],
    decode: Callable[[ImageHeader], np.ndarray],
    on_bad: OnBad | None = None,
    progress: ShowProgress = no_progress,
) -> tuple[list[str], list[list[np.ndarray]]]:
    """Decodes all images, several at a time.

    Args:
        names: Name of each image, or of each pair.
        columns: Headers of the images or, for pairs, of either side.
        decode: Decodes one of them.
        on_bad: Called with each error; what it is of is left out, with its partner. By default
            the first one is raised.
        progress: Shows progress.

    Returns:
        The names that are left, and the images of each column.

    Raises:
        ImageFileError: If an image cannot be decoded and `on_bad` is `None`.
    """

    def decode_or_error(headers: Sequence[ImageHeader]) -> list[np.ndarray] | ImageFileError:
        try:
            return [decode(header) for header in headers]
        except ImageFileError as error:
            return error

    kept: list[str] = []
    images: list[list[np.ndarray]] = [[] for _ in columns]
    # Decoders run without Python's lock.
    with ThreadPoolExecutor() as pool:
        rows = pool.map(decode_or_error, zip(*columns, strict=True))
        for number in progress(range(len(names)), "Decoding"):
            row = next(rows)
            if isinstance(row, ImageFileError):
                (on_bad or raise_error)(row)
                continue
            kept.append(names[number])
            for column, image in zip(images, row, strict=True):
                column.append(image)
    return kept, images


def none_decoded(count: int) -> ValueError:
    """The error for `count` images of which none is left."""
    return ValueError(f"None of {count} images could be decoded; copy them again.")


def _rgb(header: ImageHeader) -> np.ndarray:
    if header.bits != 8:
        raise ImageFileError(
            header.path,
            f"{header.bits} bits per value, where 8 are held",
            "train on it with training/train.py, or save 8 bits",
        )
    image = decode_file(header)
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
