"""Images held in memory."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from hinet_tf.data.sources.source import Source


class ArraySource(Source):
    """Images in memory, of any sizes, decoded once.

    All images lie behind one another in one tensor: the pipeline reads them without going
    through Python, and nothing is copied into the graph.

    Args:
        clean: Arrays `(height, width)` or `(height, width, 1 or 3)`, uint8 or uint16. If any is
            uint16, all are held as uint16 (8-bit values times 257, which is exact).
        degraded: The degraded partners in the same order and of the same sizes, if there are any.
        names: One name per image; numbers by default.

    Raises:
        ValueError: If there are no images, or types, counts or sizes do not fit.

    Example:
    >>> source = ArraySource([photo], names=["chelsea"])
    """

    def __init__(
        self,
        clean: Sequence[np.ndarray],
        degraded: Sequence[np.ndarray] | None = None,
        names: Sequence[str] | None = None,
    ):
        names = [str(number) for number in range(len(clean))] if names is None else names
        if not len(clean):
            raise ValueError("No images were received; expected at least one.")
        if len(names) != len(clean) or (degraded is not None and len(degraded) != len(clean)):
            raise ValueError(
                f"Received {len(clean)} clean images, "
                f"{'no' if degraded is None else len(degraded)} degraded images and {len(names)} "
                f"names; expected the same number of each."
            )
        self.names = tuple(names)
        self.paired = degraded is not None
        images = [_with_channels(image, name) for image, name in zip(clean, names, strict=True)]
        partners = [
            _with_channels(image, name) for image, name in zip(degraded or (), names, strict=False)
        ]
        for name, image, partner in zip(names, images, partners, strict=False):
            if image.shape != partner.shape:
                raise ValueError(
                    f"{name}: the degraded image is {partner.shape}, the clean one {image.shape}; "
                    f"expected the same shape."
                )
        wide = any(image.dtype == np.uint16 for image in [*images, *partners])
        self.dtype = tf.uint16 if wide else tf.uint8
        self._shapes = tf.constant([image.shape for image in images], tf.int64)
        sizes = [image.size for image in images]
        self._offsets = tf.constant(np.cumsum([0, *sizes]), tf.int64)
        self._clean = _joined(images, wide)
        self._degraded = _joined(partners, wide) if self.paired else None

    def read(self, index: tf.Tensor) -> tuple[tf.Tensor | None, tf.Tensor]:
        """Returns one pair; see `Source.read`."""
        begin, end = self._offsets[index], self._offsets[index + 1]
        shape = self._shapes[index]

        def image(values: tf.Tensor) -> tf.Tensor:
            return tf.ensure_shape(tf.reshape(values[begin:end], shape), (None, None, None))

        return image(self._degraded) if self.paired else None, image(self._clean)


def _with_channels(image: np.ndarray, name: str) -> np.ndarray:
    image = np.asarray(image)
    image = image[..., np.newaxis] if image.ndim == 2 else image
    if image.dtype not in (np.uint8, np.uint16) or image.ndim != 3 or image.shape[2] not in (1, 3):
        raise ValueError(
            f"{name}: received {image.dtype} of shape {image.shape}; expected uint8 or uint16 of "
            f"shape (height, width), (height, width, 1) or (height, width, 3)."
        )
    return image


def _joined(images: list[np.ndarray], wide: bool) -> tf.Tensor:
    total = sum(image.size for image in images)
    values = np.empty(total, np.uint16 if wide else np.uint8)
    end = 0
    for image in images:
        begin, end = end, end + image.size
        values[begin:end] = image.ravel()
        if wide and image.dtype == np.uint8:
            values[begin:end] *= 257
    # On the CPU even where there is an accelerator: `tf.data` reads it there.
    with tf.device("CPU"):
        return tf.convert_to_tensor(values)
