"""Tiled restoration inside a graph: what `Restorer` does, operation by operation."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from hinet_tf.inference.saved_model_manifest import SavedModelOptions
from hinet_tf.inference.tiling import STRIP_BYTES, next_multiple, usable_overlap


class TiledRestoration:
    """Restores one image of any size in the graph, equal to `Restorer` to the last bit.

    The same tiles, the same order of the same float32 operations; `hinet_tf.inference` explains
    why they are so. Memory is bounded by the tile, not by the image.

    Args:
        network: A function from a float32 batch to the restored one, sizes multiples of 16.
        channels: Channels of the network.
        size_multiple: What heights and widths must be multiples of.
        recipe: Its memory, tiles, overlap and self-ensemble.
    """

    def __init__(
        self,
        network: Callable[[tf.Tensor], tf.Tensor],
        channels: int,
        size_multiple: int,
        recipe: SavedModelOptions,
    ) -> None:
        self.network = network
        self.channels = channels
        self.size_multiple = size_multiple
        self.memory, self.bytes_per_pixel = recipe.memory, recipe.bytes_per_pixel
        self.tile, overlap = recipe.tile, recipe.overlap
        if self.tile:
            overlap = usable_overlap(self.tile, overlap, size_multiple)
        self.overlap = overlap
        self.self_ensemble = recipe.self_ensemble
        self._unit = max(16, size_multiple)
        # Between neighbours the weight depends on twice the distance from their middle alone.
        self._reach = max(overlap, 1)
        distance = np.arange(-self._reach, self._reach + 1) / 2
        position = np.clip(distance / max(overlap / 2, 1e-6) + 0.5, 0, 1)
        self._fade = (0.5 - 0.5 * np.cos(np.pi * position)).astype(np.float32)

    def fits_whole(self, batch: tf.Tensor) -> tf.Tensor:
        """Whether a whole batch goes through the network at once."""
        count, height, width = tf.unstack(tf.shape(batch, tf.int64)[:3])
        fits = count * self._cost(height, width) <= self.memory
        if self.tile:
            fits &= (height <= self.tile) & (width <= self.tile)
        return fits

    def __call__(
        self,
        image: tf.Tensor,
        to_model: Callable[[tf.Tensor], tf.Tensor],
        from_model: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
        dtype: tf.DType,
    ) -> tf.Tensor:
        """Restores one image, strip by strip from top to bottom.

        Args:
            image: `(height, width, channels)` of any type.
            to_model: From rows of it to float32 in [0, 1] with the network's channels.
            from_model: From restored rows and those of `image` to rows of the result.
            dtype: Type of the result.

        Returns:
            The result, `(height, width, channels)`.
        """
        height, width = tf.unstack(tf.shape(image)[:2])
        tile_height, tile_width = self._tile_size(height, width)
        tops = self._starts(height, tile_height)
        lefts = self._starts(width, tile_width)
        row_weights = self._weights(tops, tile_height)
        column_weights = self._weights(lefts, tile_width)
        count = tf.size(tops)
        ends = tf.concat([tops[1:], [height]], 0)

        def restore_strip(index, carry, bands):
            top = tops[index]
            strip = image[top : tf.minimum(top + tile_height, height)]
            restored = self._restore_strip(to_model(strip), lefts, column_weights)
            restored *= row_weights[index, : tf.shape(strip)[0], tf.newaxis, tf.newaxis]
            known = tf.shape(carry)[0]
            restored = tf.concat([restored[:known] + carry, restored[known:]], 0)
            finished = ends[index] - top
            band = from_model(restored[:finished], strip[:finished])
            return index + 1, restored[finished:], bands.write(index, band)

        carry = tf.zeros((0, width, self.channels))
        bands = tf.TensorArray(dtype, count, infer_shape=False, element_shape=(None, None, None))
        *_, bands = tf.while_loop(
            lambda index, *_: index < count,
            restore_strip,
            (tf.constant(0), carry, bands),
            shape_invariants=(
                tf.TensorShape(()),
                tf.TensorShape((None, None, self.channels)),
                tf.TensorShape(None),
            ),
            parallel_iterations=1,
        )
        return bands.concat()

    def run(self, batch: tf.Tensor) -> tf.Tensor:
        """The network on a float32 batch of any size: mirrored to a size it takes, cropped back."""
        if not self.self_ensemble:
            return self._run_padded(batch)
        total = tf.zeros_like(batch)
        for turns in range(4):
            for flip in (False, True):
                view = _turned(batch, turns)
                restored = self._run_padded(tf.reverse(view, [2]) if flip else view)
                restored = tf.reverse(restored, [2]) if flip else restored
                total += _turned(restored, -turns)
        return total / 8

    def _run_padded(self, batch: tf.Tensor) -> tf.Tensor:
        height, width = tf.unstack(tf.shape(batch)[1:3])
        m = self.size_multiple
        batch = _mirror(batch, next_multiple(height, m), axis=1)
        batch = _mirror(batch, next_multiple(width, m), axis=2)
        return self.network(batch)[:, :height, :width]

    def _restore_strip(self, strip: tf.Tensor, lefts: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        width, tile_width = tf.shape(strip)[1], tf.shape(weights)[1]
        strip = _mirror(strip, tf.maximum(width, lefts[-1] + tile_width), axis=1)

        def restore_tile(index, blended):
            left = lefts[index]
            right = left + tile_width
            restored = self.run(strip[tf.newaxis, :, left:right])[0]
            faded = blended[:, left:right] + restored * weights[index, :, tf.newaxis]
            return index + 1, tf.concat([blended[:, :left], faded, blended[:, right:]], 1)

        invariant = tf.TensorShape((None, None, self.channels))
        _, blended = tf.while_loop(
            lambda index, _: index < tf.size(lefts),
            restore_tile,
            (tf.constant(0), tf.zeros_like(strip)),
            shape_invariants=(tf.TensorShape(()), invariant),
            parallel_iterations=1,
        )
        return blended[:, :width]

    def _tile_size(self, height: tf.Tensor, width: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """As `Restorer.tile_size` and `hinet_tf.inference.tiling.choose_tile`."""
        if self.tile:
            return tf.minimum(self.tile, height), tf.minimum(self.tile, width)
        rows, columns = (tf.cast(size, tf.int64) for size in (height, width))
        half = tf.cast(columns * STRIP_BYTES, tf.float64) / (2 * self.bytes_per_pixel)
        side = tf.sqrt(half**2 + self.memory / self.bytes_per_pixel) - half
        unit = self._unit
        smallest = next_multiple(max(64, 2 * unit, 3 * self.overlap), unit)
        side = tf.maximum(tf.cast(side, tf.int32) // unit * unit, smallest)
        is_whole = self._cost(rows, columns) <= self.memory
        shared = -(-self.overlap // unit)

        def needed(size: tf.Tensor) -> tf.Tensor:
            units = -(-size // unit)
            count = tf.maximum(-(-(units - shared) // (side // unit - shared)), 1)
            tile = tf.maximum(unit * (shared - (shared - units) // count), smallest)
            return tf.where(is_whole | (size <= side), size, tile)

        return needed(height), needed(width)

    def _cost(self, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
        """Bytes that restoring an image in one piece takes; int64."""
        padded = next_multiple(height, self._unit) * next_multiple(width, self._unit)
        return padded * (self.bytes_per_pixel + STRIP_BYTES)

    def _starts(self, size: tf.Tensor, tile: tf.Tensor) -> tf.Tensor:
        """As `hinet_tf.inference.tiling.tile_starts`."""
        m = self.size_multiple
        units, tile_units = -(-size // m), tile // m
        shared = -(-self.overlap // m)
        needed = -(-(units - shared) // tf.maximum(tile_units - shared, 1))
        count = tf.where(size <= tile, 1, needed)
        steps = tf.cast(tf.maximum(count - 1, 1), tf.float64)
        starts = tf.cast(tf.range(count) * (units - tile_units), tf.float64) / steps
        return tf.cast(tf.round(starts), tf.int32) * m

    def _weights(self, starts: tf.Tensor, tile: tf.Tensor) -> tf.Tensor:
        """As `hinet_tf.inference.tiling.blend_weights`."""
        shared = (tile - (starts[1:] - starts[:-1]))[:, tf.newaxis]
        column = tf.range(tile)[tf.newaxis]
        edge = tf.ones((1, tile))
        fade_in = self._fade_at(2 * column + 1 - shared)
        fade_out = 1 - self._fade_at(2 * (column - tile + shared) + 1 - shared)
        return tf.concat([edge, fade_in], 0) * tf.concat([fade_out, edge], 0)

    def _fade_at(self, distance: tf.Tensor) -> tf.Tensor:
        reach = self._reach
        return tf.gather(self._fade, tf.clip_by_value(distance, -reach, reach) + reach)


def _turned(batch: tf.Tensor, turns: int) -> tf.Tensor:
    """As `np.rot90(batch, turns, axes=(1, 2))`; that of TensorFlow chooses while it runs."""
    if turns % 4 == 1:
        return tf.transpose(tf.reverse(batch, [2]), (0, 2, 1, 3))
    if turns % 4 == 2:
        return tf.reverse(batch, [1, 2])
    if turns % 4 == 3:
        return tf.reverse(tf.transpose(batch, (0, 2, 1, 3)), [2])
    return batch


def _mirror(tensor: tf.Tensor, size: tf.Tensor, axis: int) -> tf.Tensor:
    """Goes on beyond the end in a mirror, edge included, as often as it takes."""
    own = tf.shape(tensor)[axis]
    index = tf.range(size) % (2 * own)
    return tf.gather(tensor, tf.minimum(index, 2 * own - 1 - index), axis=axis)
