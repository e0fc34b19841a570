"""One number that stands for a model's weights."""

import hashlib

import keras


def weights_sha256(model: keras.Model) -> str:
    """Checksum of the weights' names, shapes and values: the same however the model is stored."""
    digest = hashlib.sha256()
    for weight in model.weights:
        digest.update(f"{weight.path.split('/', 1)[-1]}{tuple(weight.shape)}".encode())
        digest.update(weight.numpy().tobytes())
    return digest.hexdigest()
