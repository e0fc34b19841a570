"""The one error of everything that opens image files."""

import os
from pathlib import Path


class ImageFileError(ValueError):
    """An image file that cannot be used; the message names the file and what to do.

    Args:
        path: The file.
        problem: What is wrong with it.
        remedy: What to do about it.

    Example:
    >>> raise ImageFileError("a.png", "the file is empty", "copy it again")
    Traceback (most recent call last):
    ...
    hinet_tf.images.image_file_error.ImageFileError: a.png: the file is empty; copy it again.
    """

    def __init__(self, path: str | os.PathLike[str], problem: str, remedy: str):
        super().__init__(f"{path}: {problem}; {remedy}.")
        self.path = Path(path)
        self.problem = problem
        self.remedy = remedy


def truncated(path: str | os.PathLike[str]) -> ImageFileError:
    """The error of a file whose content is not all there."""
    return ImageFileError(path, "the file is truncated or damaged", "copy it again")


def corrupt(path: str | os.PathLike[str], reason: object) -> ImageFileError:
    """The error of a file whose content contradicts itself."""
    return ImageFileError(path, f"the content is corrupt ({reason})", "copy it again")
