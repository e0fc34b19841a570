"""The network as a functional graph of Keras 2 layers."""

from collections.abc import Callable, Sequence
from typing import Any

from hinet_tf.legacy.half_instance_normalization import HalfInstanceNormalization
from hinet_tf.legacy.keras_2 import keras_2

layers = keras_2.layers


def twin_network(
    width: int,
    depth: int,
    hin_levels: Sequence[int],
    channels: int,
    negative_slope: float,
    name: str,
    size: tuple[int, int] | None = None,
) -> Any:
    """Builds HINet of Keras 2 layers, in float32.

    Each layer of the Keras 3 model is one here, and each weight has its path as its name. Blocks
    are functional models of the block's name; the names of their layers begin with it, because
    `.h5` files hold the optimizer's values under the bare names of the weights.

    Args:
        width: Channels of the first level.
        depth: Number of levels.
        hin_levels: Encoder levels with half instance normalization.
        channels: Channels of the image.
        negative_slope: Slope of the leaky ReLUs below zero.
        name: Name of the model.
        size: Static height and width in pixels; `None` for any.

    Returns:
        A Keras 2 functional model with the outputs `{"stage1": ..., "restored": ...}`.

    Example:
    >>> twin_network(4, 2, (0, 1), 3, 0.2, "hinet").count_params() > 0
    True
    """

    def convolution(filters: int, name: str, kernel_size: int = 3, **kwargs: Any) -> Any:
        return layers.Conv2D(
            filters, kernel_size, padding="same", dtype="float32", name=name, **kwargs
        )

    def block(filters: int, inputs: int, normalize: bool, name: str) -> Any:
        def graph(x: Any) -> Any:
            y = convolution(filters, f"{name}/conv_1")(x)
            if normalize:
                y = HalfInstanceNormalization(dtype="float32", name=f"{name}/norm")(y)
            y = layers.LeakyReLU(negative_slope, dtype="float32", name=f"{name}/relu_1")(y)
            y = convolution(filters, f"{name}/conv_2")(y)
            y = layers.LeakyReLU(negative_slope, dtype="float32", name=f"{name}/relu_2")(y)
            return add(f"{name}/sum")([y, convolution(filters, f"{name}/identity", 1)(x)])

        return _part(name, graph, x=inputs)

    def decoder_block(filters: int, name: str) -> Any:
        def graph(x: Any, bridge: Any) -> Any:
            up = layers.Conv2DTranspose(filters, 2, strides=2, dtype="float32", name=f"{name}/up")(
                x
            )
            joined = layers.Concatenate(dtype="float32", name=f"{name}/concat")([up, bridge])
            return block(filters, 2 * filters, False, f"{name}/block")(joined)

        return _part(name, graph, x=2 * filters, bridge=filters)

    def attention(features: Any, image: Any) -> Any:
        restored = add("attention/image_sum")(
            [convolution(channels, "attention/image_conv")(features), image]
        )
        gate = layers.Activation("sigmoid", dtype="float32", name="attention/gate")(
            convolution(width, "attention/gate_conv")(restored)
        )
        gated = layers.Multiply(dtype="float32", name="attention/gated")(
            [convolution(width, "attention/feature_conv")(features), gate]
        )
        return add("attention/sum")([gated, features]), restored

    def encode(x: Any, stage: str, fused: Sequence[Any] = ()) -> tuple[Any, list[Any]]:
        skips = []
        for level in range(depth):
            filters = width * 2**level
            inputs = filters if level == 0 else filters // 2
            x = block(filters, inputs, level in hin_levels, f"{stage}_encoder{level}")(x)
            if level == depth - 1:
                break
            if fused:
                x = add(f"{stage}_sum{level}")([x, fused[level]])
            skips.append(x)
            x = convolution(filters, f"{stage}_down{level}", 4, strides=2, use_bias=False)(x)
        return x, skips

    def decode(x: Any, skips: list[Any], stage: str) -> list[Any]:
        decoded: list[Any] = []
        for level in reversed(range(depth - 1)):
            filters = width * 2**level
            bridge = convolution(filters, f"{stage}_skip{level}")(skips[level])
            x = decoder_block(filters, f"{stage}_decoder{level}")([x, bridge])
            decoded.insert(0, x)
        return decoded

    def fusion(filters: int, name: str) -> Any:
        def graph(encoder: Any, decoder: Any) -> Any:
            parts = [
                convolution(filters, f"{name}/encoder_conv")(encoder),
                convolution(filters, f"{name}/decoder_conv")(decoder),
            ]
            return add(f"{name}/sum")(parts)

        return _part(name, graph, encoder=filters, decoder=filters)

    image = keras_2.Input((*(size or (None, None)), channels), name="image", dtype="float32")
    deepest, encoded = encode(convolution(width, "stage1_input")(image), "stage1")
    decoded = decode(deepest, encoded, "stage1")
    attend = _part("attention", attention, features=width, image=channels)
    features, stage1 = attend([decoded[0], image])
    x = layers.Concatenate(dtype="float32", name="stage2_concat")(
        [convolution(width, "stage2_input")(image), features]
    )
    x = convolution(width, "stage2_mix", 1)(x)
    fused = [
        fusion(width * 2**level, f"fusion{level}")([encoded[level], decoded[level]])
        for level in range(depth - 1)
    ]
    decoded = decode(*encode(x, "stage2", fused), "stage2")
    restored = add("restored")([convolution(channels, "stage2_output")(decoded[0]), image])
    return keras_2.Model(image, {"stage1": stage1, "restored": restored}, name=name)


def add(name: str) -> Any:
    """A sum of two maps."""
    return layers.Add(dtype="float32", name=name)


def _part(name: str, graph: Callable[..., Any], **channels: int) -> Any:
    """A functional model of one block, by the channels of its inputs."""
    inputs = {
        key: keras_2.Input((None, None, count), name=key, dtype="float32")
        for key, count in channels.items()
    }
    return keras_2.Model(list(inputs.values()), graph(**inputs), name=name)
