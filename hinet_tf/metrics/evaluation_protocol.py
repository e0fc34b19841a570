"""The published ways to score a restored image, each a frozen set of choices."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class EvaluationProtocol:
    """Everything that changes a PSNR or SSIM figure, fixed under one name.

    Figures of different protocols must not stand in one table: on the same pair of photos
    the SSIM variants alone differ by 0.03 to 0.07.

    Args:
        clamp: Float images are clamped to [0, 1] first.
        round: Float images are rounded (half to even) to 1/255 first, as a written file is.
        luma: `"none"` scores all channels, `"float"` the BT.601 studio luma Y in 16..235,
            `"rounded"` the same rounded to whole numbers as MATLAB's `rgb2ycbcr` of a uint8
            image does (about -0.02 dB at 33 dB, -0.2 dB at 43 dB).
        ssim: `"volume"`: RGB as one volume under an 11x11x11 Gaussian, edges replicated, mean
            over all positions. `"volume_float32"`: the same, summed in float32 as the
            official code does (2e-5 lower or higher). `"replicate"`: 11x11, edges replicated.
            `"valid"`: 11x11 per channel, only where the window lies inside the image.
    """

    clamp: bool
    round: bool
    luma: Literal["none", "float", "rounded"]
    ssim: Literal["volume", "volume_float32", "replicate", "valid"]


PROTOCOLS: dict[str, EvaluationProtocol] = {
    # HINet and NAFNet, RGB (SIDD, GoPro, REDS): basicsr/metrics/psnr_ssim.py of
    # megvii-model/HINet. Its SIDD test scores the raw float output (use_image: false), its other
    # tests uint8 files: both are "as given" here.
    "hinet": EvaluationProtocol(False, False, "none", "volume_float32"),
    # HINet, luma: the five rain sets.
    "hinet_y": EvaluationProtocol(True, True, "float", "replicate"),
    # MPRNet and Restormer, RGB (SIDD, GoPro, HIDE): psnr() and ssim() of MATLAB as they call it.
    "matlab": EvaluationProtocol(True, False, "none", "volume"),
    # The same, luma (the five rain sets): evaluate_PSNR_SSIM.m, SSIM_index.m on a uint8 luma.
    "matlab_y": EvaluationProtocol(True, True, "rounded", "valid"),
    # BasicSR, RGB and luma: calculate_psnr and calculate_ssim of XPixelGroup/BasicSR 1.4.2.
    "basicsr": EvaluationProtocol(True, True, "none", "valid"),
    "basicsr_y": EvaluationProtocol(True, True, "float", "valid"),
}


def get_protocol(name: str) -> EvaluationProtocol:
    """Looks a protocol up by name.

    Args:
        name: One of the keys of `PROTOCOLS`.

    Returns:
        The protocol.

    Raises:
        ValueError: If there is no such protocol.
    """
    if name not in PROTOCOLS:
        raise ValueError(
            f"Unknown protocol. Received: protocol={name!r}. Expected one of: "
            f"{', '.join(PROTOCOLS)}."
        )
    return PROTOCOLS[name]
