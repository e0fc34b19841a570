"""Trained models on real images: any size, tiles, self-ensemble, files and folders.

Names are loaded on first use, so that `hinet-restore --help` need not wait for TensorFlow.
"""

import importlib
from typing import Any

_NAMES = {
    "Restorer": "hinet_tf.inference.restorer",
    "open_model": "hinet_tf.inference.model_file",
}

__all__ = ["Restorer", "open_model"]


def __getattr__(name: str) -> Any:
    """Loads a public name on first use (PEP 562)."""
    if name in _NAMES:
        return getattr(importlib.import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'hinet_tf.inference' has no attribute {name!r}")
