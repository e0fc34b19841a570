"""The check that a Keras model restores images."""

from typing import Any

import keras

from hinet_tf.models.hinet import HINet
from hinet_tf.models.keras_2 import kind_of

# A size that a network for images of any size takes.
_SIDE = 256


def image_model(model: Any, name: str = "the model") -> keras.Model:
    """Takes a Keras model as one from an image to its restoration, or says why it is none.

    Args:
        model: A `HINet`, or another functional or sequential model.
        name: What messages call it.

    Returns:
        The model as a functional one.

    Raises:
        ValueError: If it is no Keras model, was never called, or does not turn one image into
            one of the same shape.

    Example:
    >>> image_model(hinet_tf.HINet(width=4)).name
    'hinet'
    """
    if isinstance(model, HINet):
        return model
    if not isinstance(model, keras.Model):
        kind = f"the class {model.__name__}" if isinstance(model, type) else kind_of(model)
        raise ValueError(f"Expected a Keras model, or a file or preset by name. Received: {kind}.")
    inputs = _inputs(model)
    if not inputs:
        state = "is a class of its own" if model.built else "has never been called"
        raise ValueError(
            f"{name} {state}, so that it is unknown what images it takes. Make it a functional "
            "model: image = keras.Input((None, None, 3)); keras.Model(image, model(image))."
        )
    shapes = [tuple(image.shape) for image in inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][3] is None:
        raise ValueError(
            "Expected a model from one image to its restoration. Received: a model with inputs "
            f"{shapes}."
        )
    if isinstance(model, keras.Sequential):
        model = keras.Model(inputs[0], model.outputs[0], name=model.name)
    image = keras.KerasTensor((1, *(side or _SIDE for side in shapes[0][1:])), "float32")
    for restored in keras.tree.flatten(model.compute_output_spec(image)):
        if tuple(restored.shape) != tuple(image.shape):
            raise ValueError(
                f"Expected a model that restores an image in its own size and channels. Received: "
                f"{name}, which makes {tuple(restored.shape)} of {tuple(image.shape)}."
            )
    return model


def _inputs(model: keras.Model) -> list[Any]:
    try:
        return list(model.inputs or ())
    except (AttributeError, ValueError):
        # As Keras says it of one that was never called.
        return []
