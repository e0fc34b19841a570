"""Trained models that ship with the package: a card and a file of weights each.

`NAME.json` is the card: task, data, licence, scores, how it was made. `NAME.npz` holds the weights
in float16 under their official names and in the official layout, so that NumPy is all it takes to
read them; nothing in it is ever executed.
"""

from hinet_tf.models.presets.load import load_preset
from hinet_tf.models.presets.preset_files import read_preset, write_card, write_preset
from hinet_tf.models.presets.registry import DEFAULT_PRESET, is_preset, preset_card, presets

__all__ = [
    "DEFAULT_PRESET",
    "is_preset",
    "load_preset",
    "preset_card",
    "presets",
    "read_preset",
    "write_card",
    "write_preset",
]
