"""A folder of which memory holds a part."""

import tensorflow as tf

from hinet_tf.data.sources.array_source import ArraySource
from hinet_tf.data.sources.file_source import FileSource
from hinet_tf.data.sources.source import Source


class PartlyCachedSource(Source):
    """Images of which the first ones are held in memory, and the others decoded each time.

    Samples are drawn at random, so that it does not matter which images are held: where a half
    of them is, half of the decoding is left.

    Args:
        held: The first images.
        files: The images after them, pairs as those.
    """

    def __init__(self, held: ArraySource, files: FileSource):
        self.names = (*held.names, *files.names)
        self.paired = held.paired
        self.dtype = tf.uint16 if tf.uint16 in (held.dtype, files.dtype) else tf.uint8
        self._held, self._files = held, files

    def read(self, index: tf.Tensor) -> tuple[tf.Tensor | None, tf.Tensor]:
        """Returns one pair; see `Source.read`."""
        count = len(self._held)

        def images(source: Source, number: tf.Tensor) -> list[tf.Tensor]:
            # A single image has no partner, which `tf.cond` could not return.
            return [self._widened(image) for image in source.read(number) if image is not None]

        both = tf.cond(
            index < count,
            lambda: images(self._held, index),
            lambda: images(self._files, index - count),
        )
        return (both[0], both[1]) if self.paired else (None, both[0])

    def _widened(self, image: tf.Tensor) -> tf.Tensor:
        # As `ArraySource` does it, which is exact.
        return image if image.dtype == self.dtype else tf.cast(image, self.dtype) * 257
