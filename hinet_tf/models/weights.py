"""A model's weights as a whole: their checksum, and the check that they are numbers."""

import hashlib

import keras
import numpy as np


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
