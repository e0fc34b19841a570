"""Channels of like size, for integers that share one range."""

import itertools
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from keras import ops

from hinet_tf.layers import DecoderBlock, EncoderBlock
from hinet_tf.models.hinet import HINet

# Images that are looked at, and the side of what is looked at of each, in pixels: peaks need no
# more, and large images fit.
IMAGES, LARGEST = 8, 256
# Largest exponent of a factor: beyond, an unseen image's peak could fill the range by itself.
_EXPONENT = 4


def equalize_channels(model: HINet, images: Iterable[np.ndarray]) -> None:
    """Moves the size of channels into the weights that read them, where nothing else sees it.

    8-bit activations share one range over all channels of a map: what is small beside the largest
    channel is rounded to a few steps. Between the two convolutions of a block each channel may be
    divided by a factor that the second convolution multiplies back, because a leaky ReLU keeps
    positive factors. The factor is the root of the channel's peak over its largest weight
    (Xiao et al., "SmoothQuant", 2023, at a migration strength of 0.5; of weights alone: Nagel et
    al., "Data-Free Quantization", 2019), rounded to a power of two: the model computes in float32
    what it computed before, bit for bit.

    Args:
        model: A trained model; its weights are changed.
        images: Degraded images `(height, width, channels)`, float32 in [0, 1]. The middle of each
            of the first `IMAGES` is looked at; those smaller than `model.size_multiple` say
            nothing.

    Example:
    >>> equalize_channels(model := HINet(width=8), np.ones((1, 32, 32, 3), "float32"))
    """
    # Without the rounding of a quantized training, whose ranges may not be known yet.
    exact = model.rebuilt(dtype="float32")
    layers = _blocks(exact)
    reads = keras.Model(exact.input, [layer.input for layer in layers])
    peaks = [
        [_peaks(layer, x) for layer, x in zip(layers, reads(middle[None]), strict=True)]
        for image in itertools.islice(images, IMAGES)
        if (middle := _middle(image, model.size_multiple)).size
    ]
    if not peaks:
        return
    for layer, *found in zip(_blocks(model), *peaks, strict=True):
        block = layer.block if isinstance(layer, DecoderBlock) else layer
        _divide(block, _factors(np.mean(found, axis=0), block))


def _blocks(model: HINet) -> list[EncoderBlock | DecoderBlock]:
    return [layer for layer in model.layers if isinstance(layer, (EncoderBlock, DecoderBlock))]


def _peaks(layer: EncoderBlock | DecoderBlock, inputs: Any) -> np.ndarray:
    """The largest size of each channel between a block's two convolutions."""
    if isinstance(layer, DecoderBlock):
        activation = layer.block.activation(layer.join(inputs))
    else:
        activation = layer.activation(inputs)
    return ops.convert_to_numpy(ops.max(ops.abs(activation), axis=(0, 1, 2)))


def _middle(image: np.ndarray, multiple: int) -> np.ndarray:
    largest = max(multiple, LARGEST)
    sides = [min(side // multiple * multiple, largest) for side in image.shape[:2]]
    top, left = ((found - side) // 2 for found, side in zip(image.shape, sides, strict=False))
    return image[top : top + sides[0], left : left + sides[1]]


def _factors(peaks: np.ndarray, block: EncoderBlock) -> np.ndarray:
    weights = np.max(np.abs(ops.convert_to_numpy(block.conv_2.kernel)), axis=(0, 1, 3))
    alive = (peaks > 0) & (weights > 0) & np.isfinite(peaks)
    factors = np.ones_like(peaks)
    if alive.any():
        exponents = np.log2(peaks[alive] / weights[alive]) / 2
        exponents = np.round(exponents - exponents.mean())
        factors[alive] = np.exp2(np.clip(exponents, -_EXPONENT, _EXPONENT))
    return factors


def _divide(block: EncoderBlock, factors: np.ndarray) -> None:
    """Divides what the second convolution reads, and multiplies its weights."""
    normalized = 0
    if block.normalization is not None:
        # They come out of it with its own scale and shift, whatever went in.
        normalized = block.normalization.gamma.shape[0]
        for weight in (block.normalization.gamma, block.normalization.beta):
            weight.assign(ops.convert_to_numpy(weight) / factors[:normalized])
    others = np.where(np.arange(len(factors)) < normalized, 1, factors)
    for weight in (block.conv_1.kernel, block.conv_1.bias):
        weight.assign(ops.convert_to_numpy(weight) / others)
    kernel = block.conv_2.kernel
    kernel.assign(ops.convert_to_numpy(kernel) * factors[:, None])
