"""A HINet as plain data."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hinet_tf.models.presets.preset_reading import read_preset
from hinet_tf.models.presets.registry import card_path


class UnfitTensorsError(ValueError):
    """Tensors are not those of the network that a config describes.

    Example:
    >>> raise UnfitTensorsError("missing conv_01.weight")
    Traceback (most recent call last):
    ...
    hinet_tf.models.official_network.UnfitTensorsError: missing conv_01.weight
    """


@dataclass(frozen=True)
class OfficialNetwork:
    """Arguments and official tensors of a `HINet`: what an engine builds it from without Keras.

    Args:
        config: Arguments of `HINet`; what is left out has its default.
        tensors: Official name -> array in PyTorch's layout.
    """

    config: Mapping[str, Any]
    tensors: Mapping[str, np.ndarray]

    @classmethod
    def of_preset(cls, name_or_dir: str | os.PathLike[str]) -> "OfficialNetwork":
        """Reads a preset; see `HINet.from_preset`.

        Raises:
            ValueError: If there is no such preset, or its files are damaged.
            OSError: If a hub does not answer or refuses.

        Example:
        >>> OfficialNetwork.of_preset("denoise_0.125x").config["width"]
        8
        """
        card, tensors = read_preset(card_path(name_or_dir))
        return cls(card["config"], tensors)

    @classmethod
    def of_model(cls, model: Any) -> "OfficialNetwork":
        """Takes the weights of a `HINet`.

        Example:
        >>> OfficialNetwork.of_model(hinet_tf.HINet(width=4)).tensors["last.bias"].shape
        (3,)
        """
        # Late: it imports Keras, which a preset does not need.
        from hinet_tf.models.official_layout import official_tensors

        values = {tensor.name: tensor.official_value for tensor in official_tensors(model)}
        return cls(model.get_config(), values)
