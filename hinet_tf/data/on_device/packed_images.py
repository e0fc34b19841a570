"""Images of any sizes in an accelerator's memory."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from hinet_tf.data.sources.image_list import ImageList

# A pixel's number must fit the 32-bit word that it is looked up by.
_MAX_PIXELS = 2**32


class DeviceImages(NamedTuple):
    """All images behind one another in two flat arrays, and where each of them lies.

    Padding images to one size would multiply their memory, and a program per size would have to
    be compiled per size.

    Args:
        clean: Pixels of the clean images, `(pixels, 3)` uint8.
        degraded: Pixels of the degraded partners, `(pixels, 3)`; one black pixel if no source is
            paired.
        clean_start: First pixel of each image, uint32.
        degraded_start: First pixel of its partner, uint32; 0 where there is none.
        height: Rows of each image, int32.
        width: Columns of each image, int32.
        paired: Whether the image has a partner.

    """

    clean: Any
    degraded: Any
    clean_start: Any
    degraded_start: Any
    height: Any
    width: Any
    paired: Any


def pack_images(lists: Sequence[ImageList]) -> DeviceImages:
    """Copies images into the memory of Keras' default device.

    Args:
        lists: The images; number `i` of list `k` becomes number `sum(lengths before k) + i`.

    Returns:
        The images there.

    Raises:
        ValueError: If there are 2**32 pixels or more.

    Example:
    >>> from hinet_tf.data.sources.image_list import open_image_lists
    >>> pack_images(open_image_lists("builtin", "val")).height.shape
    TensorShape([1])
    """
    clean = [image for images in lists for image in images.clean]
    degraded = [image for images in lists if images.paired for image in images.degraded]
    paired = np.repeat([images.paired for images in lists], [len(images) for images in lists])
    pixels = np.array([image.shape[0] * image.shape[1] for image in clean], np.int64)
    if pixels.sum() >= _MAX_PIXELS:
        raise ValueError(
            f"The images have {pixels.sum():,} pixels; fewer than {_MAX_PIXELS:,} can be held on "
            "the device. Train with training/train.py, or on a part of them."
        )
    partners = np.where(paired, pixels, 0)
    return DeviceImages(
        clean=_flat(clean),
        degraded=_flat(degraded or [np.zeros((1, 1, 3), np.uint8)]),
        clean_start=_words(np.cumsum(pixels) - pixels),
        degraded_start=_words(np.where(paired, np.cumsum(partners) - partners, 0)),
        height=ops.convert_to_tensor([image.shape[0] for image in clean], "int32"),
        width=ops.convert_to_tensor([image.shape[1] for image in clean], "int32"),
        paired=ops.convert_to_tensor(paired, "bool"),
    )


def _flat(images: list[np.ndarray]) -> Any:
    return ops.convert_to_tensor(np.concatenate([image.reshape(-1, 3) for image in images]))


def _words(values: np.ndarray) -> Any:
    return ops.convert_to_tensor(values.astype(np.uint32))
