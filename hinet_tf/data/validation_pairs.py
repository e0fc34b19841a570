"""Whole images to validate on, the same ones each time."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hinet_tf.data import random_numbers
from hinet_tf.data.degradations.degradation import Degradation
from hinet_tf.data.sources.image_list import ImageList

if TYPE_CHECKING:
    # A list of images needs no TensorFlow, and this module must not bring it in.
    from hinet_tf.data.sources.source import Source

# ITU-R BT.601 luma, as Pillow's mode "L".
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class ValidationPair(NamedTuple):
    """A name, and two float32 arrays `(height, width, channels)` in [0, 1].

    Example:
    >>> name, degraded, clean = pairs[0]
    """

    name: str
    degraded: np.ndarray
    clean: np.ndarray


class ValidationPairs(Sequence[ValidationPair]):
    """A fixed list of whole degraded and clean images, made when they are asked for.

    Made again they are the same, so nothing is held: the 1,111 test images of GoPro would be
    24 GB.

    Args:
        sources: Where the images come from; see `open_sources` and `open_image_lists`.
        degradation: Applied to the images of sources without degraded partners.
        seed: Any integer; image number `i` depends on it and on `i` alone.
        limit: Number of images, spread evenly over all; by default all.
        channels: 3 for RGB (gray images are repeated), 1 for gray.

    Raises:
        ValueError: If a source without degraded partners meets no degradation.

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
        sources = list(sources) if isinstance(sources, Sequence) else [sources]
        if degradation is None and not all(source.paired for source in sources):
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
        places = [(source, index) for source in sources for index in range(len(source))]
        count = min(limit or len(places), len(places))
        self._places = [places[number * len(places) // count] for number in range(count)]

    def __len__(self) -> int:
        return len(self._places)

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each image."""
        return tuple(source.name(index) for source, index in self._places)

    def __getitem__(self, number: int) -> ValidationPair:
        source, index = self._places[number]
        degraded, clean = source.images(index)
        clean = _to_network(clean, self._channels)
        if source.paired:
            degraded = _to_network(degraded, self._channels)
        else:
            seed = random_numbers.fold_in(self._seed, number % len(self))
            degraded = self._degradation(clean, seed)
        return ValidationPair(source.name(index), np.asarray(degraded), clean)

    def __iter__(self) -> Iterator[ValidationPair]:
        return (self[number] for number in range(len(self)))


def _to_network(image: np.ndarray, channels: int) -> np.ndarray:
    """File values as float32 in [0, 1]; `patches.to_network` for arrays."""
    values = image.astype(np.float32) / np.float32(np.iinfo(image.dtype).max)
    if values.shape[-1] == channels:
        return values
    if channels == 3:
        return np.repeat(values, 3, axis=-1)
    return np.sum(values * _LUMA, axis=-1, keepdims=True)
