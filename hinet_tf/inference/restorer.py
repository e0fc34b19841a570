"""Restores images of any size, data type and channel layout."""

import math
import os
from collections.abc import Callable, Iterator
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

from hinet_tf.images.image_file import MAX_PIXELS
from hinet_tf.images.pixel_format import PixelFormat
from hinet_tf.inference.engines import Engine, open_engine
from hinet_tf.inference.engines.selection import AUTO, chosen_engine, chosen_precision
from hinet_tf.inference.tiling import (
    blend_weights,
    choose_tile,
    next_multiple,
    pad_to,
    tile_starts,
    usable_overlap,
)
from hinet_tf.models.official_network import OfficialNetwork, UnfitTensorsError
from hinet_tf.models.presets.registry import is_preset


class Restorer:
    """Runs a trained model on real images: same shape and data type out as in.

    Images are mirrored up to a multiple of 16 where they need it and cropped back. Large ones
    are restored in overlapping tiles that fade into each other. A tile has statistics of its
    own, so that a tiled result differs slightly from one of the whole image; with local
    statistics (`to_local`) that difference shrinks.

    Args:
        model: A `HINet` or another Keras model of one image; or a name that `open_model`
            takes: a `.keras` file, preset, SavedModel directory, `.tflite` or official `.pth`.
        tile: Side of square tiles in pixels, a multiple of 16; `None` for the whole image
            where `memory` allows it, else the largest tile that does.
        overlap: Pixels that neighbouring tiles share; at most a third of `tile`.
        self_ensemble: Average over the 8 flips and quarter turns; 8 times the cost.
        batch_size: Tiles per call of the network.
        engine: `"tensorflow"`, `"litert"` for a `.tflite` file, `"openvino"`, or `"auto"`: LiteRT
            for its files, OpenVINO for the name of a preset where it is installed, which needs
            no TensorFlow then, else TensorFlow.
        fast: Stop after the first stage: 43 % of the cost, somewhat lower quality.
        precision: `"float32"`; `"bfloat16"`; or `"auto"`: bfloat16 for a `HINet` on a processor
            with AMX, one of AMD's with AVX-512-BF16, or a GPU that has it, where it is about
            twice as fast and within about 0.02 dB, else float32.
        memory: Memory for the network's feature maps in bytes, for `tile=None`. TensorFlow and
            the weights come on top: about 0.9 GB at width 32. Where half of it holds 16 times
            the weights, they become constants of the graph: up to 13 % faster.
        strength: Share of the result, 0 to 1; the rest is the image as it came. Less than 1
            leaves some grain.
        name: What messages call the model; by default the path or name it is opened by.

    Raises:
        ValueError: If an argument is out of range, the model cannot be run as asked, its weights
            are not finite, or it gives NaN or infinity for a gray image.

    Example:
    >>> restorer = Restorer(HINet(width=8), tile=256)
    >>> restorer.restore(np.zeros((300, 500, 3), np.uint8)).shape
    (300, 500, 3)
    """

    def __init__(
        self,
        model: Any,
        tile: int | None = None,
        overlap: int = 32,
        self_ensemble: bool = False,
        batch_size: int = 1,
        engine: str = "auto",
        *,
        fast: bool = False,
        precision: str = "auto",
        memory: int = 2**30,
        strength: float = 1.0,
        name: str | None = None,
    ) -> None:
        for key, value in (("overlap", overlap), ("batch_size", batch_size)):
            if not isinstance(value, Integral):
                raise ValueError(f"`{key}` must be a whole number. Received: {key}={value!r}")
        if not isinstance(memory, Real) or not 0 <= memory < math.inf:
            raise ValueError(
                f"`memory` must be a number of bytes, such as 2**30. Received: memory={memory!r}"
            )
        if tile is not None and (not isinstance(tile, Integral) or tile < 16 or tile % 16):
            raise ValueError(f"`tile` must be a positive multiple of 16. Received: tile={tile!r}")
        if overlap < 0 or (tile is not None and overlap > tile // 3):
            raise ValueError(
                "`overlap` must lie between 0 and a third of `tile`. Received: "
                f"overlap={overlap}, tile={tile}"
            )
        if not 0 <= strength <= 1:
            raise ValueError(f"`strength` must lie between 0 and 1. Received: {strength}")
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be at least 1. Received: {batch_size}")
        is_name = isinstance(model, (str, os.PathLike))
        self._name = name or (str(model) if is_name else "the model")
        # Half of it: what is freed after the first call is taken again by the feature maps.
        self.engine = self._open(model, engine, precision, fast=fast, memory=memory // 2)
        multiple = self.engine.size_multiple
        if tile is not None and not self.engine.sizes and tile % multiple:
            raise ValueError(
                f"`tile` must be a multiple of {multiple}, as {self._name} halves images. "
                f"Received: tile={tile}"
            )
        self.tile = tile
        self.overlap = overlap
        self.self_ensemble = self_ensemble
        self.batch_size = batch_size
        self.memory = memory
        self.strength = strength
        if self.engine.sizes and self_ensemble and any(h != w for h, w in self.engine.sizes):
            raise ValueError(
                "Self-ensemble turns images by 90 degrees and needs a model of square size. "
                f"Received: sizes={self.engine.sizes}"
            )
        self._probe()

    def __call__(self, images: Any) -> Any:
        """Restores what it is given: an image, a batch of images, a file, or a list of these.

        Args:
            images: An image as `restore` takes it; `(batch, height, width, channels)`, an array
                or a tensor; the path of an image file; or a list.

        Returns:
            In kind: for an image or a batch an array of its shape and data type; for a path the
            restored pixels, `(height, width, channels)`, in the file's data type; for a list the
            list of the answers.

        Raises:
            ValueError: As `restore`; or if a file cannot be read.

        Example:
        >>> restorer = Restorer(HINet(width=8))
        >>> restorer(np.zeros((2, 30, 50, 3), np.uint8)).shape
        (2, 30, 50, 3)
        """
        if isinstance(images, (str, os.PathLike)):
            from hinet_tf.inference.restore_file import open_to_restore

            return self.restore(open_to_restore(images).read())
        if isinstance(images, (list, tuple)):
            return [self(image) for image in images]
        images = np.asarray(images)
        if images.ndim != 4:
            return self.restore(images)
        restored = np.empty_like(images)
        for number, image in enumerate(images):
            restored[number] = self.restore(image)
        return restored

    def restore(self, image: np.ndarray) -> np.ndarray:
        """Restores one image.

        Args:
            image: `(height, width)` or `(height, width, channels)`; uint8, uint16 or float in
                [0, 1], of either byte order; gray, gray and alpha, RGB, or RGB and alpha. Alpha
                passes untouched, NaN included.

        Returns:
            An array of the same shape and data type. Floats are not clipped.

        Raises:
            ValueError: If the shape, data type, range or channels do not fit the model, or its
                result is not finite.
        """
        if isinstance(image, (str, os.PathLike)):
            raise ValueError(
                f"Expected an array of pixels. Received: the path {image}; use "
                "restore_file(source, target), or call the restorer itself for the pixels."
            )
        if isinstance(image, (list, tuple)):
            raise ValueError(
                f"Expected one array of pixels. Received: a {type(image).__name__}; "
                "call the restorer itself, which takes lists, or restore_file for each file."
            )
        image = np.asarray(image)
        pixels = image[..., np.newaxis] if image.ndim == 2 else image
        if pixels.ndim != 3 or min(pixels.shape) < 1:
            raise ValueError(
                "Expected (height, width) or (height, width, channels). Received: "
                f"shape={image.shape}. A batch is restored by calling the restorer itself."
            )

        def read(top: int, rows: int) -> np.ndarray:
            return pixels[top : top + rows]

        bands = list(self.restore_rows(read, *pixels.shape, pixels.dtype))
        # NumPy joins arrays in the machine's byte order.
        return np.concatenate(bands).astype(image.dtype, copy=False).reshape(image.shape)

    def restore_file(
        self,
        source: str | os.PathLike[str],
        target: str | os.PathLike[str],
        *,
        quality: int | None = None,
        all_pages: bool = False,
        max_pixels: int = MAX_PIXELS,
        on_progress: Callable[[float], None] | None = None,
    ) -> Path:
        """Restores an image file, in strips where it is large.

        Args:
            source: A PNG, JPEG, WebP, TIFF or GIF file.
            target: The file to write; its suffix is the format.
            quality: Of JPEG and WebP, 1 to 100; `None` for that of a JPEG source, no loss where
                the source had none, else 95.
            all_pages: Restore every page of a TIFF or frame of an animation; else the first.
            max_pixels: Larger images are refused.
            on_progress: Called with the finished fraction, 0 to 1.

        Returns:
            The path of the written file.

        Raises:
            ValueError: If the file cannot be read, restored or written in that format.
        """
        from hinet_tf.inference.restore_file import restore_file

        return restore_file(self, source, target, quality, all_pages, max_pixels, on_progress)

    def restore_rows(
        self,
        read: Callable[[int, int], np.ndarray],
        height: int,
        width: int,
        channels: int,
        dtype: np.dtype,
    ) -> Iterator[np.ndarray]:
        """Restores an image that is read, and handed on, from top to bottom.

        Args:
            read: From a first row and a number of rows to those pixels; called for each row
                once, in order.
            height: Rows of the image.
            width: Columns of the image.
            channels: Channels of the image.
            dtype: Data type of the pixels.

        Yields:
            Successive bands of restored pixels, in the image's own format.
        """
        pixel_format = PixelFormat(np.dtype(dtype), channels, self.engine.channels)
        tile_height, tile_width = self.tile_size(height, width)
        multiple = self.engine.size_multiple
        # The tiles of an exported file may be smaller than `overlap` was chosen for.
        rows, columns = (
            usable_overlap(side, self.overlap, multiple) for side in (tile_height, tile_width)
        )
        tops = tile_starts(height, tile_height, rows, multiple)
        lefts = tile_starts(width, tile_width, columns, multiple)
        row_weights = blend_weights(tops, tile_height, rows)
        column_weights = blend_weights(lefts, tile_width, columns)

        strip = read(0, 0)
        carry = np.zeros((0, width, self.engine.channels), np.float32)
        for index, top in enumerate(tops):
            bottom = min(top + tile_height, height)
            known = strip[top - tops[index - 1] :] if index else strip
            strip = np.concatenate([known, read(top + len(known), bottom - top - len(known))])
            restored = self._restore_strip(pixel_format.to_model(strip), lefts, column_weights)
            restored *= row_weights[index, : len(strip), np.newaxis, np.newaxis]
            restored[: len(carry)] += carry
            finished = tops[index + 1] - top if index + 1 < len(tops) else len(strip)
            carry = restored[finished:].copy()
            yield pixel_format.from_model(restored[:finished], strip[:finished])

    def tile_size(self, height: int, width: int) -> tuple[int, int]:
        """The tile an image of this size is cut into, up to the image's own size."""
        if self.engine.sizes:
            fitting = [s for s in self.engine.sizes if s[0] <= height and s[1] <= width]
            tile = fitting[-1] if fitting else self.engine.sizes[0]
        elif self.tile:
            tile = (self.tile, self.tile)
        else:
            cost = self.batch_size * self.engine.bytes_per_pixel
            multiple = self.engine.size_multiple
            tile = choose_tile(height, width, self.memory, cost, self.overlap, multiple)
        return min(tile[0], height), min(tile[1], width)

    def _restore_strip(
        self, strip: np.ndarray, lefts: list[int], weights: np.ndarray
    ) -> np.ndarray:
        """Restores one row of tiles and fades them into each other."""
        height, width, _ = strip.shape
        tile_width = weights.shape[1]
        strip = pad_to(strip[np.newaxis], height, max(width, lefts[-1] + tile_width))[0]
        blended = np.zeros_like(strip)
        for first in range(0, len(lefts), self.batch_size):
            group = lefts[first : first + self.batch_size]
            tiles = np.stack([strip[:, left : left + tile_width] for left in group])
            restored = self._restore_batch(tiles)
            for offset, left in enumerate(group):
                weight = weights[first + offset, :, np.newaxis]
                blended[:, left : left + tile_width] += restored[offset] * weight
        if self.strength < 1:
            blended = strip + np.float32(self.strength) * (blended - strip)
        return blended[:, :width]

    def _restore_batch(self, batch: np.ndarray) -> np.ndarray:
        if not self.self_ensemble:
            return self._run(batch)
        total = np.zeros_like(batch)
        for turns in range(4):
            for flip in (False, True):
                view = np.rot90(batch, turns, axes=(1, 2))
                restored = self._run(view[:, :, ::-1] if flip else view)
                restored = restored[:, :, ::-1] if flip else restored
                total += np.rot90(restored, -turns, axes=(1, 2))
        return total / 8

    def _run(self, batch: np.ndarray) -> np.ndarray:
        """One call of the network, padded to a size it takes and cropped back."""
        height, width = batch.shape[1:3]
        if self.engine.sizes:
            fitting = [s for s in self.engine.sizes if s[0] >= height and s[1] >= width]
            padded = fitting[0]
        else:
            multiple = self.engine.size_multiple
            padded = next_multiple(height, multiple), next_multiple(width, multiple)
        restored = self.engine(np.ascontiguousarray(pad_to(batch, *padded)))
        # As 8 bits, NaN would be black. A sum is finite if all are, and costs a tenth.
        if not np.isfinite(np.sum(restored)) and not np.isfinite(restored).all():
            raise ValueError(
                f"{self._name} gives NaN or infinity for an image of {height}x{width}. Its "
                "weights are damaged or too large for its precision; use another model or "
                "precision='float32'."
            )
        return restored[:, :height, :width]

    def _open(self, model: Any, engine: str, precision: str, **options: Any) -> Engine:
        """Opens what was asked for; what was chosen is in `engine_name` and `precision`."""

        def opened(model: Any, name: str, precision: str) -> Engine:
            self.engine_name = name
            self.precision = chosen_precision(model, name, precision)
            return open_engine(model, name, self.precision, **options)

        name = chosen_engine(model, engine)
        if isinstance(model, (str, os.PathLike)):
            if name == "openvino" and is_preset(model):
                try:
                    return opened(OfficialNetwork.of_preset(model), name, precision)
                except UnfitTensorsError:
                    # Keras runs it, or says what is wrong.
                    pass
                except (ValueError, RuntimeError):
                    # What nobody asked for may fail; TensorFlow does what OpenVINO cannot.
                    if engine != AUTO:
                        raise
            # Late, as in the next case: OpenVINO needs no Keras for a preset.
            from hinet_tf.models import open_model

            model = open_model(model)
        if not isinstance(model, (str, os.PathLike)):
            from hinet_tf.models.image_model import image_model
            from hinet_tf.models.weights import check_finite_weights

            model = image_model(model, self._name)
            check_finite_weights(model, self._name)
        return opened(model, chosen_engine(model, engine), precision)

    def _probe(self) -> None:
        """Runs the smallest image there is, so that a broken model is refused when it is opened.

        Gray with a step: of a flat image, instance normalization leaves zeros.
        """
        smallest = (self.engine.size_multiple,) * 2
        height, width = self.engine.sizes[0] if self.engine.sizes else smallest
        image = np.full((1, height, width, self.engine.channels), 0.5, np.float32)
        image[:, : height // 2] = 0.25
        self._run(image)
