"""From a graph of HINet's layers back to the arguments that describe it."""

import re
from collections.abc import Sequence
from typing import Any

import keras

from hinet_tf.layers import (
    Convolution,
    CrossStageFusion,
    DecoderBlock,
    EncoderBlock,
    SupervisedAttention,
)
from hinet_tf.models.hinet_arguments import local_windows

_KINDS = (
    *(Convolution, CrossStageFusion, DecoderBlock, EncoderBlock, SupervisedAttention),
    *(keras.layers.Add, keras.layers.Concatenate, keras.layers.InputLayer),
)


def is_graph(arguments: Sequence[Any]) -> bool:
    """Whether a class is called as `keras.models.clone_model` calls it, with inputs and outputs."""
    return len(arguments) == 2 and isinstance(arguments[0], keras.KerasTensor)


def graph_config(graph: keras.Model) -> dict[str, Any] | None:
    """Reads the arguments of a `HINet` off its layers.

    Args:
        graph: A functional model.

    Returns:
        The arguments, `None` if the layers are not those of a `HINet`.

    Example:
    >>> graph_config(hinet_tf.HINet(width=8))["width"]
    8
    """
    layers = {layer.name: layer for layer in graph.layers}
    names = sorted(name for name in layers if re.fullmatch(r"stage1_encoder\d+", name))
    blocks = [layers[name] for name in sorted(names, key=len)]
    if not blocks or any(type(layer) not in _KINDS for layer in layers.values()):
        return None
    normalized = {level: block for level, block in enumerate(blocks) if block.norm}
    local = any(block.norm == "local" for block in blocks)
    config = {
        "width": blocks[0].filters,
        "depth": len(blocks),
        "hin_levels": tuple(normalized),
        "channels": graph.input.shape[-1],
        "negative_slope": blocks[0].negative_slope,
        "norm": "local" if local else "instance",
        "local_train_size": 256,
        "local_ratio": 1.5,
        "dtype": blocks[0].dtype_policy,
    }
    if not local:
        return config
    return _with_window(config, {level: block.window for level, block in normalized.items()})


def _with_window(config: dict[str, Any], windows: dict[int, int]) -> dict[str, Any] | None:
    """Finds a training size whose windows these are; `None` if there is none of a usual ratio."""
    smallest = 2 ** config["depth"]
    for ratio in (1.5, 1.0):
        for train_size in range(smallest, 4097):
            sides = local_windows(train_size, ratio, config["depth"])
            if all(sides[level] == side for level, side in windows.items()):
                return {**config, "local_train_size": train_size, "local_ratio": ratio}
    return None
