"""HINet and everything that brings weights into it.

Names are loaded when they are first used, so that presets can be listed without Keras.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "hinet": ["HINet"],
        "local": ["to_local"],
        "opening": ["open_model"],
        "torch_checkpoint": ["load_torch_checkpoint"],
    },
)
