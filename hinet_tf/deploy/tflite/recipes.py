"""The named ways to store and compute with the weights."""

from dataclasses import dataclass


@dataclass(frozen=True)
class QuantizationRecipe:
    """What a name of `quantization=` stands for, and what it promises.

    Args:
        name: The name.
        weight_bytes: Bytes of a weight in the file.
        agreement: Least PSNR in decibels between the outputs of file and Keras model, peak 1;
            `None` where the drop alone decides.
        max_drop: Restored PSNR in decibels that may be lost against the Keras model.
        activation_bits: Bits of integer activations whose ranges photos calibrate; `None` for
            other activations.
        dynamic: Whether activations are quantized to 8 bits while the network runs.

    Example:
    >>> QUANTIZATION_RECIPES["float16"].weight_bytes
    2
    """

    name: str
    weight_bytes: int
    agreement: float | None
    max_drop: float
    activation_bits: int | None = None
    dynamic: bool = False

    @property
    def float_arithmetic(self) -> bool:
        """Whether everything is computed in float, whatever the weights are stored as."""
        return self.activation_bits is None and not self.dynamic

    @property
    def shares_ranges(self) -> bool:
        """Whether all channels of a map are rounded to 8 bits of one range."""
        return self.dynamic or self.activation_bits == 8

    @property
    def needs_quantizer(self) -> bool:
        """Whether AI Edge Quantizer makes the file, and not TensorFlow's converter alone."""
        return self.weight_bytes == 1 and not self.dynamic


_RECIPES = (
    # Browsers (wasm), desktops, reference.
    QuantizationRecipe("float32", 4, 80.0, 0.05),
    # Phone GPUs; half the download.
    QuantizationRecipe("float16", 2, 60.0, 0.05),
    # A quarter of the download, any delegate.
    QuantizationRecipe("int8_weights", 1, None, 0.1),
    # Phone and desktop CPUs: small and fastest.
    QuantizationRecipe("int8_dynamic", 1, None, 0.1, dynamic=True),
    # NPUs: integer activations, calibrated; the latter with 16 bits.
    QuantizationRecipe("int8", 1, None, 0.1, activation_bits=8),
    QuantizationRecipe("int16x8", 1, None, 0.1, activation_bits=16),
)

QUANTIZATION_RECIPES = {recipe.name: recipe for recipe in _RECIPES}


def get_quantization_recipe(name: str) -> QuantizationRecipe:
    """Looks a recipe up by name.

    Raises:
        ValueError: If there is none of that name.

    Example:
    >>> get_quantization_recipe("int8").max_drop
    0.1
    """
    if name not in QUANTIZATION_RECIPES:
        raise ValueError(
            f"`quantization` must be one of {', '.join(QUANTIZATION_RECIPES)}. Received: {name!r}"
        )
    return QUANTIZATION_RECIPES[name]
