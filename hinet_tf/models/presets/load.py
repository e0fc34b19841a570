"""From a preset to a model."""

import os
from typing import Any

import numpy as np

from hinet_tf.models.official_layout import assign_official_tensors
from hinet_tf.models.presets.preset_files import read_preset
from hinet_tf.models.presets.registry import card_path


def load_preset(name_or_dir: str | os.PathLike[str], model_class: type[Any]) -> Any:
    """Builds the model of a preset; see `HINet.from_preset`."""
    path = card_path(name_or_dir)
    card, tensors = read_preset(path)
    model = model_class.from_config(card["config"])
    values = {name: value.astype(np.float32) for name, value in tensors.items()}
    assign_official_tensors(model, values, source=str(path.with_suffix(".npz")))
    return model
