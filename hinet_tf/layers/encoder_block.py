"""The HIN block of the paper (figure 3a) and its plain sibling."""

from typing import Any

import keras
from keras import ops

from hinet_tf.layers.convolution import Convolution
from hinet_tf.layers.half_instance_normalization import HalfInstanceNormalization
from hinet_tf.layers.local_half_instance_normalization import LocalHalfInstanceNormalization

_NORMS = (None, "instance", "local")


@keras.saving.register_keras_serializable(package="hinet_tf")
class EncoderBlock(keras.layers.Layer):
    """Two 3x3 convolutions, the first half-instance-normalized on demand, plus a 1x1 shortcut.

    `leaky_relu(conv(leaky_relu(norm(conv(x))))) + conv1x1(x)`: the official `UNetConvBlock`
    without its downsampling, which HINet does as a layer of its own.

    Args:
        filters: Number of output channels; even if `norm` is set.
        norm: `"instance"` for half instance normalization after the first convolution,
            `"local"` for the same over a window around each pixel, `None` for a plain block.
        negative_slope: Slope of the leaky ReLU below zero. Defaults to 0.2 (`relu_slope`
            of the official `hinet_arch.py`).
        window: Side of the window in pixels where `norm` is `"local"`, else `None`.
        **kwargs: Base layer keyword arguments (`name`, `dtype`).

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, height, width, filters)`.

    Raises:
        ValueError: If `norm` is unknown, or `window` does not go with it.

    Example:
    >>> EncoderBlock(8, norm="instance")(keras.ops.ones((1, 16, 16, 3))).shape
    TensorShape([1, 16, 16, 8])
    """

    def __init__(
        self,
        filters: int,
        norm: str | None = None,
        negative_slope: float = 0.2,
        window: int | None = None,
        **kwargs: Any,
    ) -> None:
        if norm not in _NORMS:
            raise ValueError(f"`norm` must be one of {_NORMS}. Received: norm={norm!r}")
        if (norm == "local") != (window is not None):
            raise ValueError(
                "`window` belongs to norm='local' and only to it. Received: "
                f"norm={norm!r}, window={window!r}"
            )
        super().__init__(**kwargs)
        self.filters = filters
        self.norm = norm
        self.negative_slope = negative_slope
        self.conv_1 = Convolution(
            filters, name="conv_1", dtype=self.dtype_policy, trainable=self.trainable
        )
        self.conv_2 = Convolution(
            filters, name="conv_2", dtype=self.dtype_policy, trainable=self.trainable
        )
        self.identity = Convolution(
            filters, 1, name="identity", dtype=self.dtype_policy, trainable=self.trainable
        )
        self.window = window
        self.normalization = self._normalization() if norm else None

    def _normalization(self) -> HalfInstanceNormalization:
        if self.norm == "local":
            return LocalHalfInstanceNormalization(
                self.window, name="norm", dtype=self.dtype_policy, trainable=self.trainable
            )
        return HalfInstanceNormalization(
            name="norm", dtype=self.dtype_policy, trainable=self.trainable
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        hidden_shape = (*input_shape[:-1], self.filters)
        self.conv_1.build(input_shape)
        self.conv_2.build(hidden_shape)
        self.identity.build(input_shape)
        if self.normalization is not None:
            self.normalization.build(hidden_shape)

    def activation(self, inputs: Any) -> Any:
        """Returns what the second convolution reads, `(batch, height, width, filters)`."""
        x = self.conv_1(inputs)
        if self.normalization is not None:
            x = self.normalization(x)
        return ops.leaky_relu(x, self.negative_slope)

    def call(self, inputs: Any) -> Any:
        x = self.conv_2(self.activation(inputs))
        return ops.leaky_relu(x, self.negative_slope) + self.identity(inputs)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "norm": self.norm,
            "negative_slope": self.negative_slope,
            "window": self.window,
        }
