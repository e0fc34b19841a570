"""Training batches made on the accelerator, from images in its memory."""

from typing import Any, NamedTuple

import numpy as np
from keras import ops

from hinet_tf.data.augmentation import dihedral, draw_mode
from hinet_tf.data.degradations.degradation import Degradation
from hinet_tf.data.on_device.packed_images import DeviceImages
from hinet_tf.data.random_numbers import AUGMENT, CROP, DEGRADE, fold_in, integer


class Samples(NamedTuple):
    """Which image each sample of a batch takes, and its number, which seeds all of its chance.

    Args:
        image: Number of the image in `DeviceImages`, int32.
        number: The sample's number in the training as two words, `(..., 2)` uint32, high first.

    Example:
    >>> Samples(image=np.array([3]), number=np.array([[0, 7]])).image.shape
    (1,)
    """

    image: Any
    number: Any


def sample_numbers(order: Any, lengths: Any, step: int, count: int, batch: int) -> Samples:
    """Returns the samples of the batches from a step on.

    Args:
        order: A `HostSampleOrder`.
        lengths: Number of images of each source.
        step: The first step.
        count: Number of steps.
        batch: Samples of a step.

    Returns:
        NumPy arrays of shape `(count, batch)` and `(count, batch, 2)`.

    Example:
    >>> from hinet_tf.data.on_device.sample_order import HostSampleOrder
    >>> order = HostSampleOrder([196, 25], seed=7)
    >>> sample_numbers(order, [196, 25], step=0, count=10, batch=64).number.shape
    (10, 64, 2)
    """
    numbers = np.arange(step * batch, (step + count) * batch, dtype=np.int64)
    sources, indices = order(numbers)
    images = (np.cumsum(lengths) - lengths)[sources] + indices
    words = np.stack([numbers >> 32, numbers & 0xFFFFFFFF], axis=-1)
    return Samples(
        images.astype(np.int32).reshape(count, batch),
        words.astype(np.uint32).reshape(count, batch, 2),
    )


def make_batch(
    images: DeviceImages,
    samples: Samples,
    degradation: Degradation,
    patch: int,
    augmentation: str,
    seed: int,
    kinds: tuple[bool, ...],
) -> tuple[Any, Any]:
    """Returns the batch that `training_pipeline` makes of the same samples.

    Args:
        images: The images.
        samples: Which of them, of shape `(batch,)`.
        degradation: Applied to the patches of images without partners.
        patch: Side of the patches in pixels.
        augmentation: See `augmentation.draw_mode`.
        seed: The training's seed.
        kinds: Whether the sources are paired: what none of them needs is not computed.

    Returns:
        Degraded and clean patches, float32 `(batch, patch, patch, 3)` in [0, 1].
    """

    def pair(sample: Samples) -> Any:
        high, low = sample.number[0], sample.number[1]
        sample_seed = fold_in(fold_in(seed, high), low)
        both = _pair(images, sample.image, sample_seed, degradation, patch, kinds)
        return dihedral(both, draw_mode(fold_in(sample_seed, AUGMENT), augmentation))

    both = ops.vectorized_map(pair, samples)
    return both[:, 0], both[:, 1]


def _pair(
    images: DeviceImages,
    image: Any,
    seed: Any,
    degradation: Degradation,
    patch: int,
    kinds: tuple[bool, ...],
) -> Any:
    margin = 0 if all(kinds) else degradation.margin
    rows, columns = _crop(images, image, fold_in(seed, CROP), patch, margin)
    context = _cut(images.clean, images.clean_start[image], images.width[image], rows, columns)
    inner = slice(margin, margin + patch)
    clean = context[inner, inner]
    if not all(kinds):
        made = degradation(context, fold_in(seed, DEGRADE))[inner, inner]
    if not any(kinds):
        return ops.stack([made, clean])
    taken = _cut(
        images.degraded,
        images.degraded_start[image],
        images.width[image],
        rows[inner],
        columns[inner],
    )
    degraded = taken if all(kinds) else ops.where(images.paired[image], taken, made)
    return ops.stack([degraded, clean])


def _crop(images: DeviceImages, image: Any, seed: Any, patch: int, margin: int) -> tuple[Any, Any]:
    """Rows and columns of a random patch with its margin; the law of `patches.random_patches`."""
    height, width = images.height[image], images.width[image]
    # A pair needs no surroundings: its patches may lie closer to the border.
    room = ops.where(images.paired[image], 0, margin)
    extent = patch + 2 * room
    inside = ops.minimum(height, width) >= extent

    def indices(size: Any, seed: Any) -> Any:
        within = integer(seed, 0, ops.maximum(size - extent, 0) + 1) + room
        beyond = integer(seed, 0, ops.maximum(size - patch, 0) + 1)
        first = ops.where(inside, within, beyond) - margin
        # Modulo twice the size: an image much smaller than the patch is reflected repeatedly.
        index = (first + ops.arange(patch + 2 * margin, dtype="int32")) % (2 * size)
        return ops.minimum(index, 2 * size - 1 - index)

    return indices(height, fold_in(seed, 0)), indices(width, fold_in(seed, 1))


def _cut(pixels: Any, start: Any, width: Any, rows: Any, columns: Any) -> Any:
    rows = ops.cast(rows, "uint32") * ops.cast(width, "uint32")
    pixels_of_patch = start + rows[:, None] + ops.cast(columns, "uint32")[None, :]
    return ops.cast(ops.take(pixels, pixels_of_patch, axis=0), "float32") / 255.0
