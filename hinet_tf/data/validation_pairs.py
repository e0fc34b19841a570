"""Whole images to validate on, the same ones each time."""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hinet_tf.data import random_numbers
from hinet_tf.data.degradations.degradation import Degradation
from hinet_tf.data.image_pair import ImagePair
from hinet_tf.data.sources.image_list import ImageList
from hinet_tf.data.sources.listed import listed_sources

if TYPE_CHECKING:
    # A list of images needs no TensorFlow, and this module must not bring it in.
    from hinet_tf.data.sources.source import Source

# ITU-R BT.601 luma, as Pillow's mode "L".
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class ValidationPairs(Sequence[ImagePair]):
    """A fixed list of whole degraded and clean images, made when they are asked for.

    They are float32 arrays `(height, width, channels)` in [0, 1], the same each time. `paired`
    says whether all have degraded partners, so that nothing is degraded.

    Args:
        sources: Where the images come from; see `open_sources` and `open_image_lists`.
        degradation: Applied to the images of sources without degraded partners.
        seed: Any integer; image number `i` depends on it and on `i` alone.
        limit: Number of images, spread evenly over all; by default all.
        channels: 3 for RGB (gray images are repeated), 1 for gray.

    Raises:
        ValueError: If a source without degraded partners meets no degradation, or names come
            where sources are expected.

    Example:
    >>> pairs = ValidationPairs(open_sources("builtin", "val"), degradation=GaussianNoise(25))
    """

    def __init__(
        self,
        sources: "Source | ImageList | Sequence[Source | ImageList]",
        *,
        degradation: Degradation | None = None,
        seed: int = 0,
        limit: int | None = None,
        channels: int = 3,
    ):
        sources = listed_sources(sources)
        self.paired = all(source.paired for source in sources)
        if degradation is None and not self.paired:
            raise ValueError(
                "A source has no degraded partners and `degradation` is None; pass a degradation "
                "such as GaussianNoise(25)."
            )
        if channels not in (1, 3):
            raise ValueError(f"`channels` is {channels!r}; expected 3 (RGB) or 1 (gray).")
        if limit is not None and limit < 1:
            raise ValueError(f"`limit` is {limit}; expected a positive integer or None.")
        self._degradation = degradation
        self._seed = seed
        self._channels = channels
        images = [(source, index) for source in sources for index in range(len(source))]
        count = min(limit or len(images), len(images))
        self._images = [images[number * len(images) // count] for number in range(count)]

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, number: int) -> ImagePair:
        source, index = self._images[number]
        return ImagePair(source.name(index), functools.partial(self._read, number % len(self)))

    def _read(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        source, index = self._images[number]
        degraded, clean = source.images(index)
        clean = _to_network(clean, self._channels)
        if source.paired:
            return _to_network(degraded, self._channels), clean
        seed = random_numbers.fold_in(self._seed, number)
        return np.asarray(self._degradation(clean, seed)), clean


def _to_network(image: np.ndarray, channels: int) -> np.ndarray:
    """File values as float32 in [0, 1]; `patches.to_network` for arrays."""
    values = image.astype(np.float32) / np.float32(np.iinfo(image.dtype).max)
    if values.shape[-1] == channels:
        return values
    if channels == 3:
        return np.repeat(values, 3, axis=-1)
    return np.sum(values * _LUMA, axis=-1, keepdims=True)
