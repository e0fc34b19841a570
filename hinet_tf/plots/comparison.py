"""A figure for papers and READMEs: all versions of an image side by side, whole and enlarged."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from hinet_tf.files import atomic_path
from hinet_tf.metrics.evaluate_images import evaluate_psnr

_COLORS = ("#e4572e", "#2e86ab", "#f3a712", "#58a55c")


def comparison_figure(
    images: Mapping[str, np.ndarray],
    path: str | os.PathLike[str],
    target: str | None = None,
    boxes: Sequence[tuple[int, int, int]] | None = None,
    protocol: str = "hinet",
) -> Path:
    """Draws each version of an image whole, with marked boxes, and those enlarged below it.

    Args:
        images: Label -> image of one shape, uint8, uint16 or float in [0, 1], gray or RGB; in
            the order in which they are shown.
        path: The picture to write, `.png`, `.pdf` or another type of matplotlib.
        target: Label of the clean image; the others get their PSNR against it.
        boxes: `(top, left, side)` of each crop in pixels; `None` for the two squares where the
            first and last image differ most.
        protocol: Protocol of the PSNR, see `evaluate_images`.

    Returns:
        The path of the picture.

    Raises:
        ValueError: If the images differ in shape, `target` is none of them, or a box leaves
            the image.

    Example:
    >>> noisy, restored = np.random.default_rng(0).random((2, 64, 96, 3))
    >>> comparison_figure({"noisy": noisy, "restored": restored}, "figure.png")
    PosixPath('figure.png')
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    shown = {label: _to_display(image) for label, image in images.items()}
    labels = list(shown)
    if len({image.shape for image in shown.values()}) != 1:
        shapes = {label: image.shape for label, image in images.items()}
        raise ValueError(f"The images must have one shape. Received: {shapes}.")
    if target is not None and target not in shown:
        raise ValueError(f"`target` must be one of {labels}. Received: target={target!r}.")
    height, width = shown[labels[0]].shape[:2]
    boxes = list(boxes or differing_boxes(shown[labels[0]], shown[labels[-1]]))
    for top, left, side in boxes:
        if side < 1 or top < 0 or left < 0 or top + side > height or left + side > width:
            raise ValueError(
                f"A box must lie inside {width}x{height} pixels. Received: top={top}, "
                f"left={left}, side={side}."
            )

    column, crop = 2.8, 2.8 / len(boxes)
    whole = min(column * height / width, 8.0)
    figure = Figure((column * len(labels) + 0.2, whole + crop + 0.6), layout="constrained")
    grid = figure.add_gridspec(2, len(labels) * len(boxes), height_ratios=[whole, crop])
    for number, label in enumerate(labels):
        first = number * len(boxes)
        overview = figure.add_subplot(grid[0, first : first + len(boxes)])
        _show(overview, shown[label])
        overview.set_title(_caption(label, images, target, protocol), fontsize=10)
        for place, (top, left, side) in enumerate(boxes):
            color = _COLORS[place % len(_COLORS)]
            overview.add_patch(Rectangle((left, top), side, side, fill=False, ec=color, lw=1.5))
            axes = figure.add_subplot(grid[1, first + place])
            _show(axes, shown[label][top : top + side, left : left + side], color)
    path = Path(path)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=150)
    return path


def _to_display(image: np.ndarray) -> np.ndarray:
    """Float RGB or gray in [0, 1] without alpha, `(height, width, 1 or 3)`."""
    image = np.asarray(image)
    image = image[..., np.newaxis] if image.ndim == 2 else image
    image = image[..., : 1 if image.shape[-1] < 3 else 3]
    if image.dtype.kind == "u":
        return image / np.float32(np.iinfo(image.dtype).max)
    return np.clip(image, 0, 1)


def differing_boxes(first: np.ndarray, last: np.ndarray) -> list[tuple[int, int, int]]:
    """The two squares, an eighth of the longer side, where two images differ most.

    Args:
        first: `(height, width, channels)`, float in [0, 1].
        last: The same shape.

    Returns:
        `(top, left, side)` of each in pixels.
    """
    height, width = first.shape[:2]
    side = min(max(max(height, width) // 8, 32), height, width)
    change = np.abs(first - last).mean(axis=-1)
    rows, columns = height // side, width // side
    cells = change[: rows * side, : columns * side].reshape(rows, side, columns, side)
    order = np.argsort(-cells.mean(axis=(1, 3)), axis=None)[:2]
    return [
        (int(cell // columns) * side, int(cell % columns) * side, side) for cell in order.tolist()
    ]


def _caption(
    label: str, images: Mapping[str, np.ndarray], target: str | None, protocol: str
) -> str:
    if target is None or label == target:
        return label
    return f"{label}\n{evaluate_psnr(images[label], images[target], protocol):.2f} dB"


def _show(axes, image: np.ndarray, color: str | None = None) -> None:
    image = image[..., 0] if image.shape[-1] == 1 else image
    axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=color is not None, edgecolor=color or "none", linewidth=2)
