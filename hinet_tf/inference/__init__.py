"""Trained models on real images: any size, tiles, self-ensemble, files and folders.

Names are loaded on first use, so that `hinet-restore --help` need not wait for TensorFlow.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={"restorer": ["Restorer"]}
)
