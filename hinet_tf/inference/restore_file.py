"""One image file in, one restored file out, in memory that does not grow with the file."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from hinet_tf.files import atomic_path, real_path
from hinet_tf.images.image_file import MAX_PIXELS, ImageFile, open_image
from hinet_tf.images.image_file_error import ImageFileError
from hinet_tf.images.image_writer import check_target, write_image


def restore_file(
    restorer: Any,
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    quality: int | None,
    all_pages: bool,
    max_pixels: int,
    on_progress: Callable[[float], None] | None,
) -> Path:
    """Restores an image file; see `Restorer.restore_file` for arguments and errors.

    The file is read, restored and written in strips: beside the network's own memory, a strip
    of tiles is held, and raw pixels wait in a temporary file next to the target.
    """
    target = Path(target)
    if real_path(source) == real_path(target):
        raise ValueError(f"{target} would replace its own source; choose another target.")
    opened = open_to_restore(source, max_pixels)
    state = _state(opened.path)
    check_target(opened, target)
    pages = opened.pages if all_pages else 1
    if pages > 1 and opened.path.suffix.lower() == ".png":
        raise ValueError(
            f"Of an animated PNG only the first frame can be read. Received: {opened.path} with "
            f"{pages}; leave out all pages, or save it as WebP."
        )
    if pages > 1 and target.suffix.lower() not in (".tif", ".tiff", ".webp"):
        raise ValueError(
            f"{target.suffix} holds one page. Received: {opened.path} with {pages}; use .tif or "
            ".webp."
        )
    with atomic_path(target) as temporary:
        raw = temporary.with_name("pixels.raw")
        with raw.open("wb") as file:
            for page in range(pages):
                image = open_image(source, page, max_pixels) if page else opened
                _restore_page(restorer, image, opened, file, page, pages, on_progress)
        write_image(raw, pages, opened, temporary, quality)
        # It is read in strips, page by page: half of one picture would stand above half of another.
        if _state(opened.path) != state:
            raise ImageFileError(
                opened.path, "it changed while it was restored", "restore it again"
            )
    return target


def _state(path: Path) -> tuple[int, ...]:
    """What tells a file from another one, or from itself with other content."""
    stat = path.stat()
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns


def open_to_restore(source: str | os.PathLike[str], max_pixels: int = MAX_PIXELS) -> ImageFile:
    """Opens an image file, and refuses one that has nothing to restore.

    Args:
        source: A PNG, JPEG, WebP, TIFF or GIF file.
        max_pixels: Larger images are refused.

    Returns:
        Its first page.

    Raises:
        ImageFileError: If the file cannot be read, or is of 1 bit.
    """
    opened = open_image(source, max_pixels=max_pixels)
    image = opened.image
    if image.get_typeof("bits-per-sample") and image.get("bits-per-sample") == 1:
        raise ImageFileError(
            opened.path,
            "a 1-bit image, which has no shades to restore",
            "convert it to 8-bit gray",
        )
    return opened


def _restore_page(
    restorer: Any,
    image: ImageFile,
    first: ImageFile,
    file: Any,
    page: int,
    pages: int,
    on_progress: Callable[[float], None] | None,
) -> None:
    if (image.shape, image.dtype) != (first.shape, first.dtype):
        raise ValueError(
            f"The pages of {image.path} differ in size or type. Received: page {page + 1} of "
            f"shape {image.shape}, page 1 of {first.shape}; split the file."
        )
    done = 0
    bands = restorer.restore_rows(image.reader(), *image.shape, image.dtype)
    for rows in _named_errors(bands, image):
        file.write(rows.tobytes())
        done += len(rows)
        if on_progress:
            on_progress((page + done / image.shape[0]) / pages)


def _named_errors(bands: Iterator[np.ndarray], image: ImageFile) -> Iterator[np.ndarray]:
    """Hands the bands on; what the model refuses is said of this file."""
    try:
        yield from bands
    except ImageFileError:
        raise
    except ValueError as error:
        raise ValueError(f"{image.path}: {error}") from error
