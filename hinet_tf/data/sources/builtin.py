"""Five photos that come with scikit-image: training without a download."""

from typing import TYPE_CHECKING

import numpy as np
from skimage import data

if TYPE_CHECKING:
    from hinet_tf.data.sources.array_source import ArraySource

# The files lie in scikit-image's wheel, so nothing is fetched. Licences as its README.txt states
# them: astronaut (NASA) and rocket (SpaceX) public domain; chelsea and coffee CC0 by their
# photographers; motorcycle from the Middlebury stereo benchmark 2014.
TRAINING_PHOTOS = ("astronaut", "coffee", "motorcycle_left", "rocket")
# Fur, whiskers and a smooth background: fine texture beside flat areas shows noise and blur best.
VALIDATION_PHOTOS = ("chelsea",)


def builtin_images(split: str = "train") -> dict[str, np.ndarray]:
    """Returns the built-in photos of a split by name.

    Args:
        split: `"train"` or `"val"`.

    Returns:
        Name -> uint8 array `(height, width, 3)`.

    Raises:
        ValueError: If `split` is another.

    Example:
    >>> list(builtin_images("val"))
    ['chelsea']
    """
    names = {"train": TRAINING_PHOTOS, "val": VALIDATION_PHOTOS}.get(split)
    if names is None:
        raise ValueError(f"The built-in photos have no split {split!r}; expected 'train' or 'val'.")
    return {name: _photo(name) for name in names}


def builtin_photos(split: str = "train") -> "ArraySource":
    """Returns the built-in photos of a split: four to train on, one to validate on.

    Enough to see a denoiser learn in minutes and to test every command; too few for a model
    that anybody should use.

    Args:
        split: `"train"` or `"val"`.

    Returns:
        A source of clean RGB photos.

    Raises:
        ValueError: If `split` is another.

    Example:
    >>> builtin_photos("val").names
    ('chelsea',)
    """
    # Late, so that training without TensorFlow can have the arrays.
    from hinet_tf.data.sources.array_source import ArraySource

    photos = builtin_images(split)
    return ArraySource(list(photos.values()), names=list(photos))


def _photo(name: str) -> np.ndarray:
    return data.stereo_motorcycle()[0] if name == "motorcycle_left" else getattr(data, name)()
