"""What a model file claims to be, weighed before anything of that size is allocated."""

import math
from collections.abc import Callable
from typing import TypeVar

import keras
import numpy as np
from keras.src.backend.common import global_state

Model = TypeVar("Model", bound=keras.Model)


def without_values(build: Callable[[], Model]) -> Model:
    """Builds a model whose variables have shapes and types but no values, so that any size fits.

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
