"""The Keras 2 of this environment."""

import importlib
import importlib.metadata
from typing import Any


def find_keras_2() -> Any:
    """Imports `tf_keras`, or `tf.keras` of a TensorFlow that has Keras 2 built in.

    Returns:
        The Keras 2 module.

    Raises:
        ImportError: If there is none, or it is of another minor version than TensorFlow, whose
            internals it uses.

    Example:
    >>> find_keras_2().__version__[:2]
    '2.'
    """
    import tensorflow as tf

    minor = _minor(tf.__version__)
    if minor < (2, 16):
        return tf.keras
    needed = f"pip install 'tf-keras=={minor[0]}.{minor[1]}.*'"
    try:
        # Asked of the metadata: a tf-keras of another minor fails in its import, or later.
        version = importlib.metadata.version("tf-keras")
    except importlib.metadata.PackageNotFoundError as error:
        raise ImportError(
            f"hinet_tf.legacy needs Keras 2, which TensorFlow {tf.__version__} has as a package "
            f"of its own: pip install 'hinet-tf[legacy]' (or {needed})."
        ) from error
    if _minor(version) != minor:
        raise ImportError(
            f"tf-keras must be of TensorFlow's minor version. Found: tf-keras {version} beside "
            f"TensorFlow {tf.__version__}. Mend it with {needed}."
        )
    return importlib.import_module("tf_keras")


def _minor(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


keras_2 = find_keras_2()


# `keras_2.Model(inputs, outputs)` is of this class, which has no public name.
_inputs = keras_2.Input((1,))
_Functional: Any = type(keras_2.Model(_inputs, _inputs))


class _NewerFunctional(_Functional):
    """A functional model that a newer Keras 2 saved; reading one gives a plain one."""

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        for layer in config["layers"]:
            if layer["class_name"] == "InputLayer":
                layer["config"].pop("optional", None)
        return _Functional.from_config(config, custom_objects)


# So that `load_model` of Keras 2.15 reads what later versions of `tf_keras` save: inputs have a
# setting `optional` there, and `.keras` files name a class of `tf_keras`.
if "optional" not in keras_2.layers.InputLayer((1,)).get_config():
    keras_2.utils.get_custom_objects()["Functional"] = _NewerFunctional
