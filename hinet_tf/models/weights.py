"""A model's weights as a whole: their checksum and size, and whether they are numbers."""

import hashlib
import math
from collections.abc import Callable
from typing import TypeVar

import keras
import numpy as np
from keras.src.backend.common import global_state

Model = TypeVar("Model", bound=keras.Model)


def weights_sha256(model: keras.Model) -> str:
    """Checksum of the weights' names, shapes and values: the same however the model is stored."""
    digest = hashlib.sha256()
    for weight in model.weights:
        digest.update(f"{weight.path.split('/', 1)[-1]}{tuple(weight.shape)}".encode())
        digest.update(weight.numpy().tobytes())
    return digest.hexdigest()


def check_finite_weights(model: keras.Model, name: str = "the model") -> None:
    """Refuses a model whose weights hold NaN or infinity: it restores to black.

    Args:
        model: A built Keras model.
        name: What the message calls it, such as the path it was read from.

    Raises:
        ValueError: If a weight is not finite; the message names the first.

    Example:
    >>> check_finite_weights(hinet_tf.HINet(width=4))
    """
    for weight in model.weights:
        values = keras.ops.convert_to_numpy(weight.value).astype(np.float32)
        wrong = int(values.size - np.isfinite(values).sum())
        if wrong:
            raise ValueError(
                f"{name} cannot restore: {wrong:,} of {values.size:,} weights of {weight.path} "
                "are NaN or infinite. Use an earlier checkpoint of the training, or another model."
            )


def without_values(build: Callable[[], Model]) -> Model:
    """Builds a model whose variables have shapes and types but no values, so that any size fits.

    So is weighed what a file claims to be, before anything of that size is allocated.

    Args:
        build: Builds the model.

    Returns:
        The model, to be looked at and not to be called.

    Example:
    >>> without_values(lambda: hinet_tf.HINet(width=2**20)).count_params() > 10**16
    True
    """
    try:
        with keras.StatelessScope(initialize_variables=False):
            return build()
    finally:
        # Keras would give them values when the next such scope ends.
        global_state.set_global_attribute("uninitialized_variables", [])


def weights_bytes(model: keras.Model) -> int:
    """Memory that the values of a model's weights take."""
    return sum(math.prod(w.shape) * np.dtype(w.dtype).itemsize for w in model.weights)
