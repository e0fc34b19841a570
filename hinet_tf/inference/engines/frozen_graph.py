"""A Keras model as one TensorFlow function of constants."""

import copy
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2


def freeze(model: keras.Model, output: str, precision: str) -> Any:
    """Traces one output of a model and turns its variables into constants.

    Constants let TensorFlow fold the casts of mixed precision and the packing of weights, and
    drop what the output does not need. The sizes stay open: one graph serves every image.

    Args:
        model: A model of one image; several outputs by name, or one.
        output: Name of the output to keep, if there are several.
        precision: `"float32"` or `"bfloat16"`.

    Returns:
        A function from a float32 batch to a list with the restored float32 batch.
    """
    if precision == "bfloat16":
        model = _in_bfloat16(model)
    result = model.output[output] if isinstance(model.output, dict) else model.output
    network = keras.Model(model.input, result)
    channels = model.input.shape[-1]

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, channels), tf.float32)])
    def restore(image: tf.Tensor) -> tf.Tensor:
        return tf.cast(network(image, training=False), tf.float32)

    return convert_variables_to_constants_v2(restore.get_concrete_function())


def _in_bfloat16(model: keras.Model) -> keras.Model:
    config = copy.deepcopy(model.get_config())
    if "width" not in config:
        raise ValueError(
            "bfloat16 is a way to run a HINet. Received: a model of type "
            f"{type(model).__name__}; use precision='float32'."
        )
    low = type(model).from_config({**config, "dtype": "mixed_bfloat16"})
    low.set_weights(model.get_weights())
    return low
