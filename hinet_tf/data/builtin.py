"""Five photos that come with scikit-image: training without a download."""

from hinet_tf.data.array_source import ArraySource
from hinet_tf.data.builtin_images import builtin_images


def builtin_photos(split: str = "train") -> ArraySource:
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
    photos = builtin_images(split)
    return ArraySource(list(photos.values()), names=list(photos))
