"""The composite blocks of the network with the leaf layers exchanged that devices dislike."""

import keras

from hinet_tf.deploy.graph.centered_half_instance_normalization import (
    CenteredHalfInstanceNormalization,
)
from hinet_tf.deploy.graph.pooled_half_instance_normalization import PooledHalfInstanceNormalization
from hinet_tf.deploy.graph.subpixel_convolution import SubpixelConvolution
from hinet_tf.layers import (
    DecoderBlock,
    EncoderBlock,
    HalfInstanceNormalization,
    SupervisedAttention,
)


class DeployableEncoderBlock(EncoderBlock):
    """An `EncoderBlock` with `CenteredHalfInstanceNormalization`, or the pooled form if local.

    Before the centered form, its first convolution must hold the trained weights divided by
    that layer's `SCALE`.

    Example:
    >>> DeployableEncoderBlock(8, norm="instance")(keras.ops.ones((1, 16, 16, 3))).shape
    TensorShape([1, 16, 16, 8])
    """

    def _normalization(self) -> keras.layers.Layer:
        if self.norm == "local":
            return PooledHalfInstanceNormalization(
                self.window, name="norm", dtype=self.dtype_policy
            )
        epsilon = HalfInstanceNormalization().epsilon
        return CenteredHalfInstanceNormalization(epsilon, name="norm", dtype=self.dtype_policy)


class DeployableDecoderBlock(DecoderBlock):
    """A `DecoderBlock` with `SubpixelConvolution`.

    Example:
    >>> x, bridge = keras.ops.ones((1, 8, 8, 16)), keras.ops.ones((1, 16, 16, 8))
    >>> DeployableDecoderBlock(8)([x, bridge]).shape
    TensorShape([1, 16, 16, 8])
    """

    def _upsampling(self) -> keras.layers.Layer:
        return SubpixelConvolution(self.filters, name="up", dtype=self.dtype_policy)


class DeployableAttention(SupervisedAttention):
    """A `SupervisedAttention` that makes its image with a `SubpixelConvolution`.

    Example:
    >>> features, image = keras.ops.ones((1, 16, 16, 8)), keras.ops.ones((1, 16, 16, 3))
    >>> DeployableAttention()([features, image])[1].shape
    TensorShape([1, 16, 16, 3])
    """

    def _convolution(self, filters: int, name: str) -> keras.layers.Layer:
        if name == "image_conv":
            return SubpixelConvolution(filters, 4, 2, name=name, dtype=self.dtype_policy)
        return super()._convolution(filters, name)
