"""Photos to calibrate and to verify an exported file with."""

from collections.abc import Iterator, Sequence

import numpy as np

from hinet_tf.data import GaussianNoise, ImagePair, Source, ValidationPairs, open_sources

# The classical test bed: white noise of this standard deviation in 8-bit levels.
SIGMA = 25
# Spread over a large folder; more would only take longer.
_AT_MOST = 24


def verification_pairs(data: str = "builtin", channels: int = 3) -> list[ImagePair]:
    """The degraded and clean photos that a file is judged on.

    Args:
        data: What `open_sources` takes. Clean photos get white noise of sigma 25; for another
            task name a paired folder.
        channels: 3 for RGB, 1 for gray.

    Returns:
        At most 24 whole photos: the `val` split and, because one built-in photo is few, the
        built-in training photos as well.

    Raises:
        ValueError: If nothing usable is there.
        FileNotFoundError: If the folder does not exist.

    Example:
    >>> [pair.name for pair in verification_pairs()]
    ['chelsea', 'astronaut', 'coffee', 'motorcycle_left', 'rocket']
    """
    sources = open_sources(data, "val")
    if data == "builtin":
        sources += open_sources(data, "train")
    return _pairs(sources, channels)


def calibration_pairs(data: str = "builtin", channels: int = 3) -> list[ImagePair]:
    """The photos that show a quantizer the range of every activation: the `train` split.

    Raises:
        ValueError: If nothing usable is there.
        FileNotFoundError: If the folder does not exist.

    Example:
    >>> len(calibration_pairs())
    4
    """
    return _pairs(open_sources(data, "train"), channels)


def crops(pairs: Sequence[ImagePair], size: tuple[int, int], per_photo: int) -> Iterator[ImagePair]:
    """Cuts crops of one size from photos, spread along each photo's diagonal.

    A photo smaller than the crop is continued by its mirror image.

    Args:
        pairs: Degraded and clean photos.
        size: Height and width.
        per_photo: Number of crops of each photo.

    Yields:
        Crops, each named `photo@row,column`.

    Example:
    >>> next(crops(calibration_pairs(), (256, 256), 1)).clean.shape
    (256, 256, 3)
    """
    for pair in pairs:
        both = np.concatenate(pair.read(), axis=-1)
        missing = [max(0, wanted - found) for wanted, found in zip(size, both.shape, strict=False)]
        both = np.pad(both, [(0, missing[0]), (0, missing[1]), (0, 0)], mode="symmetric")
        for number in range(per_photo):
            part = (number + 0.5) / per_photo
            row, column = (
                int(part * (found - wanted))
                for wanted, found in zip(size, both.shape, strict=False)
            )
            crop = both[row : row + size[0], column : column + size[1]]
            name = f"{pair.name}@{row},{column}"
            yield ImagePair.of_arrays(name, *np.split(crop, 2, axis=-1))


def _pairs(sources: Sequence[Source], channels: int) -> list[ImagePair]:
    noise = GaussianNoise(SIGMA, clip=False)
    pairs = ValidationPairs(sources, degradation=noise, limit=_AT_MOST, channels=channels)
    return list(pairs)
