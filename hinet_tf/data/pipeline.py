"""From sources to training batches and validation pairs."""

from collections.abc import Sequence

import tensorflow as tf

from hinet_tf.data import random_numbers
from hinet_tf.data.augmentation import dihedral, draw_mode
from hinet_tf.data.degradations.degradation import Degradation
from hinet_tf.data.patches import random_patches, to_network
from hinet_tf.data.sample_order import SampleOrder
from hinet_tf.data.sources.listed import listed_sources
from hinet_tf.data.sources.source import Source


def training_pipeline(
    sources: Source | Sequence[Source],
    *,
    degradation: Degradation | None = None,
    patch: int = 256,
    batch: int = 64,
    augmentation: str = "dihedral",
    seed: int = 0,
    start_step: int = 0,
    shard_count: int = 1,
    shard_index: int = 0,
    weights: Sequence[float] | None = None,
    channels: int = 3,
) -> tf.data.Dataset:
    """Returns endless training batches that depend on the seed and the step alone.

    For the `validation_data` of `fit` see `validation_pipeline`. Sources and degradations of your
    own are traced as they stand, without AutoGraph: branch with `keras.ops.cond`.

    Batch number `k` is computed from `(seed, k)`: a run resumed with `start_step=k` sees what the
    uninterrupted run would have seen, from its first batch on. Worker `shard_index` of
    `shard_count` gets its part of every global batch, whatever the number of workers.

    Args:
        sources: Where the images come from; see `open_sources`.
        degradation: Applied to the patches of sources without degraded partners.
        patch: Side of the patches in pixels. Smaller images are continued by reflection (edge
            pixels repeated) at the right and the bottom, as in the official training.
        batch: Pairs in a global batch, over all shards.
        augmentation: `"dihedral"`, `"sidd"` or `"none"`; see `augmentation.draw_mode`.
        seed: Any integer.
        start_step: Number of the first batch.
        shard_count: Number of workers; divides `batch`.
        shard_index: This worker's number, from 0.
        weights: Relative share of each source; by default its number of images.
        channels: 3 for RGB (gray images are repeated), 1 for gray.

    Returns:
        A dataset of `(degraded, clean)`, both float32 in [0, 1] of shape
        `(batch // shard_count, patch, patch, channels)`.

    Raises:
        ValueError: If an argument is out of its range, a source without degraded partners
            meets no degradation, or names come where sources are expected.

    Example:
    >>> photos = open_sources("builtin", "train")
    >>> dataset = training_pipeline(photos, degradation=GaussianNoise(25), patch=64, batch=8)
    """
    sources = listed_sources(sources)
    _check(sources, degradation, patch, batch, start_step, channels)
    if batch % shard_count or not 0 <= shard_index < shard_count:
        raise ValueError(
            f"Received batch={batch}, shard_count={shard_count}, shard_index={shard_index}; "
            f"expected a batch that the shards divide evenly and an index below their count."
        )
    order = SampleOrder([len(source) for source in sources], weights, seed)
    per_shard = batch // shard_count

    # Nothing in here branches on a tensor in Python, so that AutoGraph would only take seconds.
    @tf.autograph.experimental.do_not_convert
    def pair(counter: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        step, offset = counter // per_shard, counter % per_shard
        number = step * batch + shard_index * per_shard + offset
        # The high word of the number goes in first, so that no run is too long for the seed.
        sample_seed = random_numbers.fold_in(
            random_numbers.fold_in(seed, tf.bitwise.right_shift(number, 32)),
            tf.bitwise.bitwise_and(number, 2**32 - 1),
        )
        number_of_source, index = order(number)
        branches = [
            lambda source=source: _pair(source, index, sample_seed, degradation, patch, channels)
            for source in sources
        ]
        both = tf.switch_case(number_of_source, branches)
        mode = draw_mode(random_numbers.fold_in(sample_seed, random_numbers.AUGMENT), augmentation)
        # One tensor, so that both images cannot but be transformed alike.
        both = tf.ensure_shape(dihedral(both, mode), (2, patch, patch, channels))
        return both[0], both[1]

    # Not `tf.int64.max`: the end times the batch must not overflow.
    counters = tf.data.Dataset.range(start_step * per_shard, 2**62)
    dataset = counters.map(pair, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return dataset.batch(per_shard, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def _pair(
    source: Source,
    index: tf.Tensor,
    seed: tf.Tensor,
    degradation: Degradation | None,
    patch: int,
    channels: int,
) -> tf.Tensor:
    """Returns degraded and clean patch as one tensor `(2, patch, patch, channels)`."""
    degraded, clean = source.read(index)
    crop_seed = random_numbers.fold_in(seed, random_numbers.CROP)
    if source.paired:
        patches = random_patches([degraded, clean], patch, crop_seed)
        return tf.stack([to_network(image, channels) for image in patches])
    margin = degradation.margin
    (context,) = random_patches([clean], patch, crop_seed, margin)
    context = to_network(context, channels)
    degraded = degradation(context, random_numbers.fold_in(seed, random_numbers.DEGRADE))
    inner = slice(margin, margin + patch)
    return tf.stack([degraded[inner, inner], context[inner, inner]])


def _check(sources, degradation, patch, batch, start_step, channels) -> None:
    clean = [source for source in sources if not source.paired]
    if clean and degradation is None:
        raise ValueError(
            f"{len(clean)} of {len(sources)} sources have no degraded partners and `degradation` "
            f"is None; pass a degradation such as GaussianNoise(25)."
        )
    for name, value in (("patch", patch), ("batch", batch)):
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"`{name}` is {value!r}; expected a positive integer.")
    if start_step < 0:
        raise ValueError(f"`start_step` is {start_step}; expected 0 or more.")
    if channels not in (1, 3):
        raise ValueError(f"`channels` is {channels!r}; expected 3 (RGB) or 1 (gray).")
