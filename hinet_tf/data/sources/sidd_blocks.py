"""The validation blocks of SIDD, as the data set ships them."""

from pathlib import Path

import numpy as np

# Files, and names of the variable in each: degraded and clean.
NOISY_BLOCKS = "ValidationNoisyBlocksSrgb"
CLEAN_BLOCKS = "ValidationGtBlocksSrgb"


def read_sidd_blocks(path: Path, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """Reads a `.mat` file of blocks.

    Args:
        path: `ValidationNoisyBlocksSrgb.mat` or `ValidationGtBlocksSrgb.mat`.
        shape: The shape that is insisted on; `None` for any of five dimensions.

    Returns:
        uint8 RGB, `(photos, blocks, height, width, 3)`; of the data set `(40, 32, 256, 256, 3)`.

    Raises:
        ValueError: If the file cannot be read or holds something else.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        with path.open("rb") as file:
            blocks = loadmat(file, variable_names=[path.stem]).get(path.stem)
    except (ValueError, OSError, NotImplementedError, MatReadError) as error:
        raise ValueError(f"{path} is no readable .mat file ({error}); get it again.") from error
    expected = shape or "five dimensions"
    fits = blocks is not None and (blocks.shape == shape if shape else blocks.ndim == 5)
    if not fits or blocks.dtype != np.uint8:
        received = "nothing" if blocks is None else f"{blocks.dtype} of {blocks.shape}"
        raise ValueError(
            f"{path} holds {received} under {path.stem}; expected uint8 of {expected}: "
            "the sRGB validation blocks, not the raw ones."
        )
    return blocks
