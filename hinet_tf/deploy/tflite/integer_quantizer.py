"""Integer .tflite files, by AI Edge Quantizer."""

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from hinet_tf.deploy.tflite.conversion import convolutions, signature_name
from hinet_tf.layers.fake_quantization import (
    FLOAT_LAYERS,
    FULL_RESOLUTION_LAYERS,
    stays_float,
)
from hinet_tf.native_log import silenced

# Only convolutions become integer, so that what lies between them stays in float by itself:
# statistics need more than 8 bits between a mean and its square, and sums would round once more.
SENSITIVE = {
    **{f"{layer}_": reason for layer, reason in FLOAT_LAYERS.items()},
    # What is left of `stage2_mix` in the deployable graph.
    "stage2_concat_": FLOAT_LAYERS["stage2_mix"],
}

_KEEP_FLOAT = "no_quantize"


def float_scopes(width: int) -> dict[str, str]:
    """Names what stays in float in an `int8` file.

    Args:
        width: Width of the network.

    Returns:
        Regular expressions on names of operators, and why.

    Example:
    >>> sorted(set(float_scopes(8)) - set(float_scopes(16)))[0]
    '/stage1_decoder0_'
    """
    narrow = {f"/{layer}_": stays_float(layer, width) for layer in FULL_RESOLUTION_LAYERS}
    return SENSITIVE | {scope: reason for scope, reason in narrow.items() if reason}


class IntegerQuantizer:
    """Makes integer files from one float32 file, calibrated once.

    Args:
        content: The float32 file.
        bits: Bits of activations, 8 or 16; weights have 8.
        photos: Calibration photos for each size, `(height, width, channels)` float32.
        ranges: Ends of what goes into convolutions and comes out of them, as
            `deployed_ranges` gives them; they stand in for the photos.
        float_scopes: Regular expressions on names of operators, and why those stay in float.

    Raises:
        ValueError: If AI Edge Quantizer is not installed, or every activation is constant.
    """

    def __init__(
        self,
        content: bytes,
        bits: int,
        photos: Mapping[tuple[int, int], Sequence[np.ndarray]] | None = None,
        ranges: Mapping[str, Sequence[float]] | None = None,
        float_scopes: Mapping[str, str] = SENSITIVE,
    ) -> None:
        self.float_scopes = dict(float_scopes)
        self._content = bytearray(content)
        self._bits = bits
        if ranges is not None:
            self._statistics = _as_statistics(content, ranges)
            return
        data = {
            signature_name(size): [{"image": photo[None]} for photo in of_size]
            for size, of_size in photos.items()
        }
        quantizer = self._quantizer((), ())
        with silenced():
            self._statistics = quantizer.calibrate(data)

    def quantize(self, dynamic_scopes: Iterable[str] = ()) -> bytes:
        """Quantizes the convolutions that do not stay in float.

        Args:
            dynamic_scopes: Regular expressions; a convolution whose name contains one scales its
                input while it runs.

        Returns:
            The content of the integer file, with float32 image input and output.
        """
        quantizer = self._quantizer(self.float_scopes, dynamic_scopes)
        with silenced():
            return bytes(quantizer.quantize(self._statistics).quantized_model)

    def _quantizer(self, float_scopes: Iterable[str], dynamic_scopes: Iterable[str]) -> Any:
        names = _quantizer_package().qtyping.TFLOperationName
        quantizer = _quantizer_package().quantizer.Quantizer(self._content)
        quantizer.add_static_config(
            regex=".*",
            operation_name=names.CONV_2D,
            activation_num_bits=self._bits,
            weight_num_bits=8,
        )
        # Applications hand over and want back float images, as from every other file.
        for end in (names.INPUT, names.OUTPUT):
            quantizer.update_quantization_recipe(".*", end, algorithm_key=_KEEP_FLOAT)
        for scope in (*float_scopes, *dynamic_scopes):
            quantizer.update_quantization_recipe(
                scope, names.ALL_SUPPORTED, algorithm_key=_KEEP_FLOAT
            )
        for scope in dynamic_scopes:
            quantizer.add_dynamic_config(scope, names.CONV_2D, num_bits=8)
        return quantizer


def _as_statistics(content: bytes, ranges: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Ranges of layers as the quantizer's statistics of the tensors of a file."""
    statistics = {}
    for layer, tensors in convolutions(content):
        for end, tensor in zip(("input", "output"), tensors, strict=True):
            # An output that has no range of its own is the next one's input.
            if (low_high := ranges.get(f"{layer}/{end}")) is not None:
                low, high = (np.full((1, 1, 1, 1), value, np.float32) for value in low_high)
                statistics[tensor] = {"min": low, "max": high}
    return statistics


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
