"""Integer .tflite files, by AI Edge Quantizer."""

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from hinet_tf.deploy.tflite.conversion import signature_name
from hinet_tf.native_log import silenced

# Statistics need more than 8 bits between a mean and its square, attention multiplies two maps,
# and the first and last convolutions and the residual sum touch the image itself.
SENSITIVE = {
    "/norm_": "statistics of instance normalization",
    "attention_": "supervised attention",
    "stage1_input_": "first convolution, reads the image",
    "stage2_input_": "first convolution of stage 2, reads the image",
    "stage2_output_": "last convolution, writes the correction of the image",
    "restored_": "sum of image and correction",
    "clip_by_value": "clipping to the range of uint8 images",
}

_KEEP_FLOAT = "no_quantize"


class IntegerQuantizer:
    """Makes integer files from one float32 file, calibrated once.

    Args:
        content: The float32 file.
        bits: Bits of activations, 8 or 16; weights have 8.
        photos: Calibration photos for each size, `(height, width, channels)` float32.

    Raises:
        ValueError: If AI Edge Quantizer is not installed, or every activation is constant.

    Example:
    >>> quantizer = IntegerQuantizer(content, 8, {(256, 256): photos})  # doctest: +SKIP
    >>> integer_content = quantizer.quantize(float_scopes=SENSITIVE)  # doctest: +SKIP
    """

    def __init__(
        self,
        content: bytes,
        bits: int,
        photos: Mapping[tuple[int, int], Sequence[np.ndarray]],
    ) -> None:
        self._content = bytearray(content)
        self._bits = bits
        data = {
            signature_name(size): [{"image": photo[None]} for photo in of_size]
            for size, of_size in photos.items()
        }
        quantizer = self._quantizer(())
        with silenced():
            self._statistics = quantizer.calibrate(data)

    def quantize(self, float_scopes: Iterable[str] = ()) -> bytes:
        """Quantizes all but some operators.

        Args:
            float_scopes: Regular expressions; an operator whose name contains one keeps float
                activations. Its weights become 8-bit all the same.

        Returns:
            The content of the integer file, with float32 image input and output.
        """
        quantizer = self._quantizer(float_scopes)
        with silenced():
            return bytes(quantizer.quantize(self._statistics).quantized_model)

    def _quantizer(self, float_scopes: Iterable[str]) -> Any:
        names = _quantizer_package().qtyping.TFLOperationName
        quantizer = _quantizer_package().quantizer.Quantizer(self._content)
        quantizer.add_static_config(
            regex=".*",
            operation_name=names.ALL_SUPPORTED if self._bits == 8 else names.CONV_2D,
            activation_num_bits=self._bits,
            weight_num_bits=8,
        )
        # Applications hand over and want back float images, as from every other file.
        for end in (names.INPUT, names.OUTPUT):
            quantizer.update_quantization_recipe(".*", end, algorithm_key=_KEEP_FLOAT)
        for scope in float_scopes:
            quantizer.update_quantization_recipe(
                scope, names.ALL_SUPPORTED, algorithm_key=_KEEP_FLOAT
            )
            quantizer.add_dynamic_config(scope, names.CONV_2D, num_bits=8)
        return quantizer


def quantize_weights(content: bytes) -> bytes:
    """Stores the weights in 8 bits; everything is computed in float."""
    package = _quantizer_package()
    quantizer = package.quantizer.Quantizer(
        bytearray(content), package.recipe.weight_only_wi8_afp32()
    )
    with silenced():
        return bytes(quantizer.quantize().quantized_model)


def require_quantizer() -> None:
    """Says how to install AI Edge Quantizer where it is missing.

    Raises:
        ValueError: If it is not installed.
    """
    if importlib.util.find_spec("ai_edge_quantizer") is None:
        raise ValueError(
            "Integer files need AI Edge Quantizer, which is not installed: "
            "pip install 'hinet-tf[tflite]'"
        )


def _quantizer_package() -> Any:
    require_quantizer()
    import ai_edge_quantizer.qtyping
    import ai_edge_quantizer.quantizer
    import ai_edge_quantizer.recipe

    return ai_edge_quantizer
