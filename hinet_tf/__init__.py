"""HINet image restoration for Keras 3 and TensorFlow.

Importing this package is quick and loads neither Keras nor TensorFlow; each name below is
loaded when it is first used.

Example:
>>> import hinet_tf
>>> model = hinet_tf.HINet(width=16)
"""

import importlib
import sys
from typing import Any

import wrapt

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
    "export_saved_model": "hinet_tf.deploy.saved_model",
    "export_tflite": "hinet_tf.deploy.tflite",
    "load_torch_checkpoint": "hinet_tf.models",
    "presets": "hinet_tf.models.presets",
    "to_local": "hinet_tf.models",
}

__all__ = [*_NAMES, *_SUBMODULES]


# What `keras.models.load_model` must know to read a model of this package.
_SERIALIZABLE = ("layers", "losses", "metrics", "models", "optimizers")


def _register_with_keras() -> None:
    """Imports the classes of this package that Keras must know; importing registers them."""
    for name in _SERIALIZABLE:
        importlib.import_module(f"hinet_tf.{name}")


def _on_keras_import(_keras: Any) -> None:
    # If it is one of them that imports Keras just now, it is not yet complete.
    if not any(f"hinet_tf.{name}" in sys.modules for name in _SERIALIZABLE):
        _register_with_keras()


# `import hinet_tf` must be enough to load a saved model, and must not import Keras itself.
wrapt.register_post_import_hook(_on_keras_import, "keras")


def __getattr__(name: str) -> Any:
    """Loads a public name or submodule on first use (PEP 562)."""
    if name in _NAMES:
        value = getattr(importlib.import_module(_NAMES[name]), name)
    elif name in _SUBMODULES:
        value = importlib.import_module(f"hinet_tf.{name}")
    else:
        raise AttributeError(f"module 'hinet_tf' has no attribute {name!r}")
    if "keras" in sys.modules:
        _register_with_keras()
    return value


def __dir__() -> list[str]:
    """Lists the lazy names too, for completion in editors."""
    return sorted([*globals(), *__all__])
