"""Where each tensor of the official PyTorch network lies in the Keras model.

Names and layouts follow `basicsr/models/archs/hinet_arch.py` of megvii-model/HINet.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np

# PyTorch keeps convolution kernels as (out, in, height, width) and those of transposed
# convolutions as (in, out, height, width); Keras puts the spatial axes first.
_KERNEL = (2, 3, 1, 0)


class OfficialTensor(NamedTuple):
    """One tensor of an official checkpoint and the Keras variable that takes it.

    Example:
    >>> official_tensors(HINet(width=8))[0].name
    'conv_01.weight'
    """

    name: str
    variable: keras.Variable
    axes: tuple[int, ...]

    @property
    def official_shape(self) -> tuple[int, ...]:
        """The tensor's shape in the official layout."""
        return tuple(self.variable.shape[axis] for axis in np.argsort(self.axes))

    def to_keras(self, value: np.ndarray) -> np.ndarray:
        """The official tensor in the layout of the Keras variable."""
        return np.transpose(value, self.axes)

    @property
    def official_value(self) -> np.ndarray:
        """The variable's value in the official layout."""
        value = keras.ops.convert_to_numpy(self.variable.value)
        return np.transpose(value, np.argsort(self.axes))


def official_tensors(model: Any) -> list[OfficialTensor]:
    """Lists every tensor of the official network with its place in a `HINet`.

    Args:
        model: A `HINet`.

    Returns:
        One entry for each variable of the model.
    """
    return [
        OfficialTensor(f"{prefix}.{_OFFICIAL_SUFFIX[variable.name]}", variable, axes)
        for prefix, layer in _layers(model)
        for variable in layer.weights
        for axes in [_KERNEL if variable.name == "kernel" else (0,)]
    ]


def check_official_tensors(model: Any, tensors: Mapping[str, np.ndarray], source: str) -> None:
    """Refuses tensors that are not exactly those of a network.

    Args:
        model: The `HINet` that they are for; it may be one `without_values`.
        tensors: Official name -> array in PyTorch layout.
        source: What to call the tensors in an error.

    Raises:
        ValueError: If a tensor is missing, left over, of another shape or not finite.
    """
    expected = {tensor.name: tensor.official_shape for tensor in official_tensors(model)}
    problems = [f"missing {name}" for name in expected if name not in tensors]
    problems += [f"unexpected {name[:80]}" for name in tensors if name not in expected]
    for name, shape in expected.items():
        if name not in tensors:
            continue
        if tensors[name].shape != shape:
            problems.append(f"{name} of shape {tensors[name].shape}, expected {shape}")
        elif not np.isfinite(tensors[name]).all():
            problems.append(f"{name} holds NaN or infinite values")
    if problems:
        shown = "; ".join(problems[:8]) + (
            f"; {len(problems) - 8} more" if len(problems) > 8 else ""
        )
        raise ValueError(
            f"{source} does not fit a HINet of width {model.width}, depth {model.depth}, "
            f"hin_levels {model.hin_levels}, {model.channels} channels: {shown}"
        )


def assign_official_tensors(model: Any, tensors: Mapping[str, np.ndarray]) -> None:
    """Puts tensors with official names into a model.

    Args:
        model: The `HINet` to fill.
        tensors: Official name -> array in PyTorch layout; those that `check_official_tensors`
            lets pass.
    """
    for tensor in official_tensors(model):
        tensor.variable.assign(tensor.to_keras(tensors[tensor.name]))


_OFFICIAL_SUFFIX = {"kernel": "weight", "gamma": "weight", "bias": "bias", "beta": "bias"}


def _layers(model: Any) -> Iterator[tuple[str, keras.layers.Layer]]:
    """Official module name and Keras layer, for each layer that has weights."""
    attention = model.get_layer("attention")
    yield "conv_01", model.get_layer("stage1_input")
    yield "conv_02", model.get_layer("stage2_input")
    yield "sam12.conv1", attention.feature_conv
    yield "sam12.conv2", attention.image_conv
    yield "sam12.conv3", attention.gate_conv
    yield "cat12", model.get_layer("stage2_mix")
    yield "last", model.get_layer("stage2_output")
    for stage in (1, 2):
        for level in range(model.depth):
            yield from _encoder(model, stage, level)
        for level in range(model.depth - 1):
            # The official lists run from the deepest decoder level to full resolution.
            index = model.depth - 2 - level
            decoder = model.get_layer(f"stage{stage}_decoder{level}")
            yield f"skip_conv_{stage}.{index}", model.get_layer(f"stage{stage}_skip{level}")
            yield f"up_path_{stage}.{index}.up", decoder.up
            yield from _block(f"up_path_{stage}.{index}.conv_block", decoder.block)


def _encoder(model: Any, stage: int, level: int) -> Iterator[tuple[str, keras.layers.Layer]]:
    prefix = f"down_path_{stage}.{level}"
    block = model.get_layer(f"stage{stage}_encoder{level}")
    yield from _block(prefix, block)
    if block.normalization is not None:
        yield f"{prefix}.norm", block.normalization
    if level < model.depth - 1:
        yield f"{prefix}.downsample", model.get_layer(f"stage{stage}_down{level}")
        if stage == 2:
            fusion = model.get_layer(f"fusion{level}")
            yield f"{prefix}.csff_enc", fusion.encoder_conv
            yield f"{prefix}.csff_dec", fusion.decoder_conv


def _block(prefix: str, block: keras.layers.Layer) -> Iterator[tuple[str, keras.layers.Layer]]:
    yield f"{prefix}.identity", block.identity
    yield f"{prefix}.conv_1", block.conv_1
    yield f"{prefix}.conv_2", block.conv_2
