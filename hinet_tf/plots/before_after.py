"""Degraded, restored and clean image side by side."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

# Inches of a row's longer side; at 150 dots per inch a photo of 450 pixels is shown as it is.
_SIDE = 4.2
_DETAIL = 96


def before_after(
    path: Path, images: tuple[np.ndarray, np.ndarray, np.ndarray], psnrs: tuple[float, float]
) -> None:
    """Draws a degraded, a restored and a clean image, whole above and enlarged below.

    Args:
        path: PNG file to write.
        images: Degraded, restored and clean, each `(height, width, 3 or 1)` uint8.
        psnrs: PSNR of the degraded and the restored image in dB.
    """
    height, width = images[0].shape[:2]
    side = min(_DETAIL, height, width)
    top, left = _busiest(images[2], side)
    scale = _SIDE / max(height, width)
    rows = [height * scale, width * scale]
    figure = Figure((3 * width * scale, sum(rows) + 0.35), dpi=150, layout="constrained")
    axes = figure.subplots(2, 3, height_ratios=rows)
    titles = (
        f"degraded   {psnrs[0]:.2f} dB",
        f"restored   {psnrs[1]:.2f} dB",
        "clean",
    )
    for column, (image, title) in enumerate(zip(images, titles, strict=True)):
        whole, detail = axes[0, column], axes[1, column]
        _show(whole, image)
        _show(detail, image[top : top + side, left : left + side])
        whole.set_title(title, fontsize=12)
        whole.add_patch(_frame(left, top, side))
    figure.savefig(path)


def _show(axes, image: np.ndarray) -> None:
    gray = image.shape[-1] == 1
    axes.imshow(image.squeeze(-1) if gray else image, cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()


def _frame(left: int, top: int, side: int):
    from matplotlib.patches import Rectangle

    return Rectangle((left, top), side, side, fill=False, edgecolor="white", linewidth=1.2)


def _busiest(image: np.ndarray, side: int) -> tuple[int, int]:
    """Top left corner of the square with the most detail, on a grid of half squares."""
    gray = image.astype(np.float32).mean(axis=-1)
    steps = max(side // 2, 1)
    corners = [
        (top, left)
        for top in range(0, gray.shape[0] - side + 1, steps)
        for left in range(0, gray.shape[1] - side + 1, steps)
    ]
    return max(corners, key=lambda c: gray[c[0] : c[0] + side, c[1] : c[1] + side].std())
