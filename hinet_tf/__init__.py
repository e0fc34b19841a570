"""HINet image restoration for Keras 3 and TensorFlow.

Importing this package is quick and loads neither Keras nor TensorFlow; each name below is
loaded when it is first used.

Example:
>>> import hinet_tf
>>> model = hinet_tf.HINet(width=16)
"""

import importlib
import os
import sys
import warnings
from typing import Any

import lazy_loader
import wrapt

from hinet_tf.native_log import QuietTensorFlow

__version__ = "0.1.0"

_attribute, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "data",
        "deploy",
        "engine",
        "evaluation",
        "inference",
        "layers",
        "legacy",
        "losses",
        "metrics",
        "models",
        "optimizers",
        "tasks",
    ],
    submod_attrs={
        "models": ["HINet", "load_torch_checkpoint", "to_local"],
        "models.presets": ["presets"],
        "inference": ["Restorer"],
        "metrics": ["evaluate_images"],
        "deploy.saved_model.export": ["export_saved_model"],
        "deploy.tflite.export": ["export_tflite"],
    },
)

# What `keras.models.load_model` must know to read a model of this package.
_SERIALIZABLE = ("layers", "losses", "metrics", "models.hinet", "optimizers")


def _register_with_keras() -> None:
    """Imports the classes of this package that Keras must know; importing registers them."""
    for name in _SERIALIZABLE:
        importlib.import_module(f"hinet_tf.{name}")


def _on_keras_import(keras: Any) -> None:
    if keras.__version__.startswith("2."):
        return  # In TensorFlow 2.15 only `hinet_tf.legacy` is of use.
    # If it is one of them that imports Keras just now, it is not yet complete.
    if not any(f"hinet_tf.{name}" in sys.modules for name in _SERIALIZABLE):
        _register_with_keras()


sys.meta_path.insert(0, QuietTensorFlow())

# `import hinet_tf` must be enough to load a saved model, and must not import Keras itself.
wrapt.register_post_import_hook(_on_keras_import, "keras")


def __getattr__(name: str) -> Any:
    """Loads a public name or submodule on first use (PEP 562)."""
    if name == "HINet" and os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true"):
        warnings.warn(
            "TF_USE_LEGACY_KERAS=1 makes tf.keras Keras 2, but a HINet is a model of Keras 3: use "
            "it with `import keras`, or in tf.keras its twin hinet_tf.legacy.to_tf_keras(model).",
            stacklevel=2,
        )
    value = _attribute(name)
    if name != "legacy" and "keras" in sys.modules:
        _register_with_keras()
    return value
