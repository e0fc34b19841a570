"""A Keras model as one TensorFlow function from degraded to restored images."""

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from hinet_tf.models import HINet

# Times that the weights are held while a graph of constants is made and optimized: 15 were seen at
# widths 16 and 32 (benchmarks/inference.md).
CONSTANT_COPIES = 16


def restoring_function(
    model: keras.Model, output: str, precision: str, constants: bool = False
) -> Any:
    """Traces what one output of a model needs, once for images of every size.

    Args:
        model: A model of one image; several outputs by name, or one.
        output: Name of the output to keep, if there are several.
        precision: `"float32"` or `"bfloat16"`: what a `HINet` computes in, whatever policy it was
            trained under.
        constants: Whether the weights become constants of the graph. Its convolutions then lay
            them out once instead of in each call, which saves 4 % of the time at width 16 and
            13 % at width 32 with the same result to the last bit, for `CONSTANT_COPIES` times
            their memory. Otherwise they stay variables.

    Returns:
        A concrete function from a float32 batch to the restored float32 batch.

    Raises:
        ValueError: If the model is none that can be rebuilt in bfloat16.
    """
    model = _in_precision(model, precision)
    result = model.output[output] if isinstance(model.output, dict) else model.output
    network = keras.Model(model.input, result)
    channels = model.input.shape[-1]
    call = _with_constants(network) if constants else partial(network, training=False)

    # Nothing to rewrite: autograph would only write source files into the temporary folder.
    @tf.function(
        input_signature=[tf.TensorSpec((None, None, None, channels), tf.float32)], autograph=False
    )
    def restore(image: tf.Tensor) -> tf.Tensor:
        return tf.cast(call(image), tf.float32)

    function = restore.get_concrete_function()
    # A concrete function refers to its variables weakly.
    function.network = network
    return function


def _with_constants(network: keras.Model) -> Callable[[tf.Tensor], tf.Tensor]:
    """The network as a function of the image that holds its weights by value."""
    weights = network.trainable_variables, network.non_trainable_variables
    values = [[variable.numpy() for variable in part] for part in weights]

    def call(image: tf.Tensor) -> tf.Tensor:
        trained, others = ([tf.constant(value) for value in part] for part in values)
        return network.stateless_call(trained, others, image, training=False)[0]

    return call


def _in_precision(model: keras.Model, precision: str) -> keras.Model:
    policy = {"float32": "float32", "bfloat16": "mixed_bfloat16"}[precision]
    if isinstance(model, HINet):
        return model if model.dtype_policy.name == policy else model.rebuilt(dtype=policy)
    if precision == "bfloat16":
        raise ValueError(
            "bfloat16 is a way to run a HINet. Received: a model of type "
            f"{type(model).__name__}; use precision='float32'."
        )
    return model
