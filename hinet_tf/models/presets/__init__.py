"""Trained models that ship with the package: a card and a file of weights each.

`NAME.json` is the card: task, data, licence, scores, how it was made. `NAME.npz` holds the weights
in float16 under their official names and in the official layout, so that NumPy is all it takes to
read them; nothing in it is ever executed. Cards are read without Keras.

A model that is saved as a preset is a folder as the hubs have them: the card is `config.json`, the
weights `model.safetensors`, in float32 under the same names.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "preset_files": ["load_preset", "write_card", "write_preset"],
        "preset_reading": ["read_preset"],
        "saving": ["save_preset"],
        "registry": ["DEFAULT_PRESET", "is_preset", "preset_card", "presets"],
    },
)
