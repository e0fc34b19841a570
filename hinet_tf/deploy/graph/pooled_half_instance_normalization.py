"""Local statistics out of operators that TFLite has."""

from typing import Any

from keras import ops

from hinet_tf.layers import LocalHalfInstanceNormalization


class PooledHalfInstanceNormalization(LocalHalfInstanceNormalization):
    """Local half instance normalization by average pooling, for static sizes.

    Prefix sums need products of five dimensions, which TFLite has only as TensorFlow operators.
    Pooling along one axis and then along the other costs two passes of `window` additions for
    each pixel, and runs anywhere.

    Args:
        window: Side of the window in pixels of the layer's input.
        epsilon: Positive float added to the variance. Defaults to 1e-5.
        **kwargs: Base layer keyword arguments (`name`, `dtype`).

    Input shape: `(batch, height, width, channels)`, static.
    Output shape: same as the input.

    Example:
    >>> PooledHalfInstanceNormalization(window=4)(keras.ops.ones((2, 8, 8, 4))).shape
    TensorShape([2, 8, 8, 4])
    """

    def _window_statistics(self, x: Any) -> tuple[Any, Any, Any]:
        center = ops.mean(x, axis=(1, 2), keepdims=True)
        centered = x - center
        mean, square = self._pool(centered), self._pool(centered * centered)
        return center, mean, ops.maximum(square - mean * mean, 0.0)

    def _pool(self, x: Any) -> Any:
        height, width = (min(self.window, size) for size in x.shape[1:3])
        x = ops.average_pool(x, (height, 1), strides=1, padding="valid")
        return ops.average_pool(x, (1, width), strides=1, padding="valid")
