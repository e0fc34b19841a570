"""Whole images for the `validation_data` of `fit`."""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from hinet_tf.data.degradations.degradation import Degradation
from hinet_tf.data.sources.source import Source
from hinet_tf.data.validation_pairs import ValidationPairs


def validation_pipeline(
    sources: Source | Sequence[Source],
    *,
    degradation: Degradation | None = None,
    seed: int = 0,
    limit: int | None = None,
    channels: int = 3,
    size_multiple: int = 16,
) -> tf.data.Dataset:
    """Returns whole images, the same ones each time, as `validation_data` for `fit`.

    Where `training_pipeline` draws other patches, noise and mirrorings at every step, this gives
    every image once, unmirrored, with noise that depends on the seed and the image alone: scores
    of two epochs, or of two trainings, compare. Images have sizes of their own, so that a batch
    holds one; under a strategy of several replicas, validate outside of it.

    Args:
        sources: Where the images come from; see `open_sources`, with `split="val"`.
        degradation: Applied to the images of sources without degraded partners.
        seed: Any integer.
        limit: Number of images, spread evenly over all; by default all.
        channels: 3 for RGB (gray images are repeated), 1 for gray.
        size_multiple: Images are cut at the right and the bottom to a multiple of this many
            pixels, which the network needs: its `size_multiple`.

    Returns:
        A finite dataset of `(degraded, clean)`, float32 in [0, 1] of shape
        `(1, height, width, channels)`.

    Raises:
        ValueError: If an argument is out of its range, a source without degraded partners meets
            no degradation, or an image is smaller than `size_multiple`.

    Example:
    >>> val = validation_pipeline(builtin_photos("val"), degradation=GaussianNoise(25), limit=2)
    >>> len(list(val))  # There is one.
    1
    """
    pairs = ValidationPairs(
        sources, degradation=degradation, seed=seed, limit=limit, channels=channels
    )

    def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for pair in pairs:
            degraded, clean = pair.read()
            height, width = (side - side % size_multiple for side in clean.shape[:2])
            if not (height and width):
                raise ValueError(
                    f"{pair.name} is smaller than {size_multiple}x{size_multiple} pixels. "
                    f"Received: {clean.shape[0]}x{clean.shape[1]}; leave it out."
                )
            cut = np.s_[np.newaxis, :height, :width]
            yield degraded[cut], clean[cut]

    spec = tf.TensorSpec((1, None, None, channels), tf.float32)
    dataset = tf.data.Dataset.from_generator(batches, output_signature=(spec, spec))
    return dataset.apply(tf.data.experimental.assert_cardinality(len(pairs))).prefetch(1)
