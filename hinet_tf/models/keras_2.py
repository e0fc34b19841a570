"""What to tell somebody who brings a model of Keras 2, without importing Keras 2."""

import contextlib
import os
import zipfile
from pathlib import Path
from typing import Any

from hinet_tf.files import json_object

# Of classes in `tf_keras`, and in the Keras that TensorFlow 2.15 and before came with.
_MODULES = ("tf_keras.", "keras.src.engine.")
# Of a `.keras` file, whose archive may claim any size.
_LARGEST_CONFIG = 2**24


def is_of_keras_2(value: Any) -> bool:
    """Whether an object is of a class of Keras 2, or of one made from such.

    Example:
    >>> is_of_keras_2(3)
    False
    """
    return any(base.__module__.startswith(_MODULES) for base in type(value).__mro__)


def kind_of(value: Any) -> str:
    """What a message says that it received: the class, and for Keras 2 the way from there.

    Example:
    >>> kind_of(3)
    'int'
    """
    kind = type(value).__name__
    if is_of_keras_2(value):
        return f"{kind} of Keras 2; of a HINet's twin, hinet_tf.legacy.from_tf_keras makes a HINet"
    return kind


def keras_config(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a `.keras` file says of its model; nothing where that cannot be read.

    Example:
    >>> keras_config("nothing.keras")
    {}
    """
    # A damaged file raises errors of a dozen types, and whoever opens it says what is wrong.
    with contextlib.suppress(Exception), zipfile.ZipFile(path) as archive:
        with archive.open("config.json") as entry:
            return json_object(entry.read(_LARGEST_CONFIG))
    return {}


def saved_by_keras_2(path: str | os.PathLike[str]) -> bool:
    """Whether a `.keras` or `.h5` file was saved by Keras 2; what cannot be read was not.

    Example:
    >>> saved_by_keras_2("nothing.keras")
    False
    """
    if Path(path).suffix != ".h5":
        return str(keras_config(path).get("module")).startswith(_MODULES)
    import h5py

    with contextlib.suppress(OSError), h5py.File(path) as file:
        return str(file.attrs.get("keras_version", "3")).startswith("2.")
    return False


def refusal(path: str | os.PathLike[str]) -> str:
    """The line for a `.keras` or `.h5` file that no command takes because of who wrote it.

    Example:
    >>> refusal("twin.keras").startswith("twin.keras holds a model of Keras 2")
    True
    """
    path = Path(path)
    new = path.with_name(f"{path.stem}_3.keras")
    if saved_by_keras_2(path) or path.suffix == ".keras":
        load = f"hinet_tf.legacy.from_tf_keras(tf_keras.models.load_model({str(path)!r}))"
        return f"{path} holds a model of Keras 2. Take the HINet of it: {load}.save({str(new)!r})."
    load = f"keras.models.load_model({str(path)!r})"
    return f"{path} is an HDF5 file; expected a .keras file. Write one: {load}.save({str(new)!r})."
