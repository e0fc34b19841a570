"""The dtype policy of quantization-aware training."""

import keras

# Recipes of `hinet_tf.deploy` that compute in 8-bit integers.
QUANTIZED_RECIPES = ("int8_dynamic", "int8")


@keras.saving.register_keras_serializable(package="hinet_tf")
class QuantizedTrainingPolicy(keras.dtype_policies.DTypePolicy):
    """Float32 in which convolutions round as those of an integer `.tflite` file.

    Like any dtype policy it reaches every layer of the network; `Convolution` and
    `TransposedConvolution` round by it, see `FakeQuantization`, all else computes in float32.

    Args:
        name: `"int8"` or `"int8_dynamic"`, a recipe of `hinet_tf.export_tflite`.

    Raises:
        ValueError: If it is another.

    Example:
    >>> hinet_tf.HINet(width=8, dtype=QuantizedTrainingPolicy("int8")).compute_dtype
    'float32'
    """

    def __init__(self, name: str) -> None:
        if name not in QUANTIZED_RECIPES:
            raise ValueError(
                f"`name` must be one of {', '.join(QUANTIZED_RECIPES)}. Received: {name!r}"
            )
        super().__init__(name)

    def _parse_name(self, name: str) -> tuple[str, str]:
        return "float32", "float32"

    @property
    def quantization_recipe(self) -> str:
        """The recipe."""
        return self.name
