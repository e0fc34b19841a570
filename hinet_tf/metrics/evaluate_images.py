"""PSNR and SSIM of one restored image under a named protocol."""

import numpy as np

from hinet_tf.metrics.evaluation_protocol import EvaluationProtocol, get_protocol
from hinet_tf.metrics.psnr import psnr
from hinet_tf.metrics.structural_similarity import PEAK, structural_similarity


def evaluate_images(
    restored: np.ndarray, target: np.ndarray, protocol: str = "hinet"
) -> dict[str, float]:
    """Scores a restored image against its target.

    The peak is the one of the data type, never guessed from the pixels: the official code
    takes 1 or 255 by the largest pixel and is wrong by 48.13 dB when an unclipped float
    output exceeds 1. Computed in float64.

    Args:
        restored: `(height, width)` or `(height, width, channels)`, RGB order; uint8 or uint16
            over their full range, or float in [0, 1] (values outside are kept or clamped as
            the protocol says).
        target: The same shape; the data type may differ (float output, uint8 target).
        protocol: `"hinet"`, `"hinet_y"`, `"matlab"`, `"matlab_y"`, `"basicsr"` or
            `"basicsr_y"`; what each fixes stands in `evaluation_protocol.PROTOCOLS`.

    Returns:
        `{"psnr": decibels, "ssim": up to 1}`; the PSNR of equal images is infinite.

    Raises:
        ValueError: On an unknown protocol, unequal shapes, a data type without a known peak,
            NaN or infinite values, a float target above 2, or a luma protocol on images that
            are not RGB.

    Example:
    >>> import numpy as np
    >>> dark, light = np.full((2, 16, 16, 3), [[[[100]]], [[[110]]]], "uint8")
    >>> round(evaluate_images(dark, light, "hinet")["psnr"], 2)
    28.13
    """
    rules = get_protocol(protocol)
    restored, target = _prepare_both(restored, target, rules)
    return {
        "psnr": psnr(restored, target, PEAK),
        "ssim": structural_similarity(restored, target, rules.ssim),
    }


def evaluate_psnr(restored: np.ndarray, target: np.ndarray, protocol: str = "hinet") -> float:
    """The PSNR of `evaluate_images` alone, which takes a hundredth of the time."""
    rules = get_protocol(protocol)
    return psnr(*_prepare_both(restored, target, rules), PEAK)


def _prepare_both(
    restored: np.ndarray, target: np.ndarray, rules: EvaluationProtocol
) -> tuple[np.ndarray, np.ndarray]:
    # Else a masked array would leave out what it masks.
    restored, target = np.asarray(restored), np.asarray(target)
    # As `Restorer` refuses them: rounding and highlights stay below, levels of 255 do not.
    if target.dtype.kind == "f" and target.size and np.max(target) > 2:
        raise ValueError(
            "A float target lies in [0, 1]. Received: values up to "
            f"{np.max(target):g}; divide both images by the peak first."
        )
    if restored.shape != target.shape:
        raise ValueError(
            "The two images must have one shape. Received: "
            f"restored.shape={restored.shape}, target.shape={target.shape}."
        )
    return _prepare(restored, rules), _prepare(target, rules)


def _prepare(image: np.ndarray, rules: EvaluationProtocol) -> np.ndarray:
    """Brings an image to float64 on the 0..255 scale and to the protocol's channels."""
    if image.ndim == 2:
        image = image[..., np.newaxis]
    if image.ndim != 3 or min(image.shape) < 1:
        raise ValueError(
            "Expected (height, width) or (height, width, channels). Received: "
            f"shape={image.shape}. Score the images of a batch one by one."
        )
    pixels = _to_255(image, rules)
    return pixels if rules.luma == "none" else _luma(pixels, rules.luma == "rounded")


def _to_255(image: np.ndarray, rules: EvaluationProtocol) -> np.ndarray:
    if image.dtype.type is np.uint8:
        return image.astype(np.float64)
    if image.dtype.type is np.uint16:
        pixels = image.astype(np.float64) * (255 / 65535)
    elif np.issubdtype(image.dtype, np.floating):
        if not np.isfinite(image).all():
            raise ValueError("The image holds NaN or infinite values. Received: a float image.")
        pixels = image.astype(np.float64) * 255
    else:
        raise ValueError(f"Expected uint8, uint16 or float images. Received: dtype={image.dtype}.")
    if rules.clamp:
        pixels = np.clip(pixels, 0, 255)
    return np.rint(pixels) if rules.round else pixels


def _luma(pixels: np.ndarray, rounded: bool) -> np.ndarray:
    """BT.601 studio luma: 16 + 65.481 R + 128.553 G + 24.966 B with RGB in [0, 1]."""
    if pixels.shape[-1] != 3:
        raise ValueError(
            f"A luma protocol scores RGB images. Received: {pixels.shape[-1]} channels. Use "
            "the protocol without '_y'."
        )
    luma = 16 + pixels @ (np.array([65.481, 128.553, 24.966]) / 255)
    # MATLAB rounds halves up; a luma that is exactly half occurs for no uint8 colour mix.
    return (np.rint(luma) if rounded else luma)[..., np.newaxis]
