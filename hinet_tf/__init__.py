"""HINet image restoration for Keras 3 and TensorFlow.

Importing this package is quick and loads neither Keras nor TensorFlow; each name below is
loaded when it is first used.

Example:
>>> import hinet_tf
>>> model = hinet_tf.HINet(width=16)
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_SUBMODULES = (
    "data",
    "deploy",
    "engine",
    "inference",
    "layers",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "tasks",
)

# Public name -> module that defines it.
_NAMES = {
    "HINet": "hinet_tf.models",
    "Restorer": "hinet_tf.inference",
    "evaluate_images": "hinet_tf.metrics",
    "export_tflite": "hinet_tf.deploy.tflite",
    "load_torch_checkpoint": "hinet_tf.models",
    "to_local": "hinet_tf.models",
}

__all__ = [*_NAMES, *_SUBMODULES]


def __getattr__(name: str) -> Any:
    """Loads a public name or submodule on first use (PEP 562)."""
    if name in _NAMES:
        return getattr(importlib.import_module(_NAMES[name]), name)
    if name in _SUBMODULES:
        return importlib.import_module(f"hinet_tf.{name}")
    raise AttributeError(f"module 'hinet_tf' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Lists the lazy names too, for completion in editors."""
    return sorted([*globals(), *__all__])
