"""What the arguments of a HINet must fulfil."""

import math
import reprlib
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

# The deepest level of more has over a hundred million channels at any width that is of use.
_MOST_LEVELS = 16


def validated_levels(
    width: int, depth: int, hin_levels: Iterable[int] | None, channels: int
) -> tuple[int, ...]:
    """Checks the sizes and returns the normalized levels in order."""
    for name, value in (("width", width), ("depth", depth), ("channels", channels)):
        if not isinstance(value, Integral):
            raise ValueError(f"`{name}` must be a whole number. Received: {_given(name, value)}")
    if depth < 2:
        raise ValueError(f"`depth` must be at least 2 levels. Received: depth={depth}")
    if depth > _MOST_LEVELS:
        raise ValueError(f"`depth` must be at most {_MOST_LEVELS} levels. Received: depth={depth}")
    if width < 1 or channels < 1:
        raise ValueError(
            f"`width` and `channels` must be positive. Received: width={width}, channels={channels}"
        )
    levels = list(range(depth)) if hin_levels is None else hin_levels
    if isinstance(levels, Iterable):
        levels = list(levels)
    if not isinstance(levels, list) or not all(isinstance(level, Integral) for level in levels):
        raise ValueError(
            "`hin_levels` must be whole numbers in a sequence. Received: "
            f"{_given('hin_levels', hin_levels)}"
        )
    levels = tuple(sorted(set(levels)))
    if levels and not (0 <= levels[0] and levels[-1] < depth):
        raise ValueError(
            f"`hin_levels` must lie between 0 and {depth - 1} (depth={depth}). "
            f"Received: hin_levels={levels}"
        )
    if width % 2 and 0 in levels:
        raise ValueError(
            "`width` must be even where level 0 normalizes half of its channels; choose an even "
            f"width or leave 0 out of `hin_levels`. Received: width={width}, hin_levels={levels}"
        )
    return levels


def local_windows(train_size: int, ratio: float, depth: int) -> list[int]:
    """Side of the TLC window at each level, in pixels of that level (`local_arch.py`)."""
    check_number("local_train_size", train_size)
    check_number("local_ratio", ratio)
    train_size = int(train_size)
    base = int(ratio * train_size)
    windows = [(train_size >> level) * base // max(train_size, 1) for level in range(depth)]
    if windows[-1] < 1:
        raise ValueError(
            "`local_train_size` and `local_ratio` must give a window of at least one pixel at "
            f"each of {depth} levels. Received: local_train_size={train_size}, "
            f"local_ratio={ratio}"
        )
    return windows


def check_number(name: str, value: Any) -> None:
    """Refuses what is no finite number."""
    if not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"`{name}` must be a finite number. Received: {_given(name, value)}")


def _given(name: str, value: Any) -> str:
    # Shortened, for a file may hold a million of them.
    return f"{name}={reprlib.repr(value)}"


def check_size(shape: tuple[int | None, ...], multiple: int) -> None:
    """Refuses what is no batch of images, or of a static size that the halvings do not divide."""
    if len(shape) != 4:
        raise ValueError(
            "HINet takes images of shape (batch, height, width, channels). Received: an input of "
            f"shape {tuple(shape)}. A single image is a batch of one: image[None]."
        )
    for side, pixels in zip(("height", "width"), shape[1:3], strict=True):
        if isinstance(pixels, int) and pixels % multiple:
            raise ValueError(
                f"HINet needs heights and widths that are multiples of {multiple}. Received: "
                f"{side}={pixels} in an input of shape {tuple(shape)}. Pad the image, or let "
                "`hinet_tf.Restorer` do it."
            )


def check_data(data: Any, multiple: int) -> None:
    """Refuses arrays, tensors and datasets of a static size that the halvings would not divide.

    In a compiled step the size is unknown, and TensorFlow's own message is a page long.
    """
    if hasattr(data, "element_spec"):
        spec = data.element_spec
        data = spec[0] if isinstance(spec, tuple) else spec
    shape = getattr(data, "shape", None)
    if shape is not None and len(shape) == 4:
        check_size(tuple(shape), multiple)


def refuse_more(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuses arguments that there are not; of `scale`, the paper's word, it says the width."""
    scale = kwargs.get("scale")
    if isinstance(scale, (int, float)) and scale > 0:
        raise ValueError(
            f"HINet is sized by its width, 64 times the scale. Received: scale={scale}. "
            f"Use HINet(width={max(1, round(32 * scale)) * 2})."
        )
    unknown = [*map(reprlib.repr, args), *(_given(name, value) for name, value in kwargs.items())]
    if unknown:
        raise ValueError(f"HINet takes no such arguments. Received: {', '.join(unknown[:8])}.")
