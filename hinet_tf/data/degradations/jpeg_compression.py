"""JPEG compression."""

from dataclasses import dataclass

import numpy as np
from keras import ops
from scipy import fft

from hinet_tf.data.degradations.parameters import Range, as_range, draw
from hinet_tf.data.random_numbers import fold_in, integer
from hinet_tf.images.jpeg_quality import LUMINANCE

# ITU-T T.81, tables K.1 (luminance) and K.2 (chrominance), the ones libjpeg scales.
_LUMINANCE = LUMINANCE.astype(np.float32)
_CHROMINANCE = np.full((8, 8), 99, np.float32)
_CHROMINANCE[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]

# JFIF 1.02: RGB to YCbCr, and back.
_TO_YCC = np.array(
    [[0.299, 0.587, 0.114], [-0.168735892, -0.331264108, 0.5], [0.5, -0.418687589, -0.081312411]],
    np.float32,
)
_TO_RGB = np.array(
    [[1.0, 0.0, 1.402], [1.0, -0.344136286, -0.714136286], [1.0, 1.772, 0.0]], np.float32
)
# What makes luma a number around zero, as colour differences are.
_CENTRE = np.array([128.0, 0.0, 0.0], np.float32)[:, None, None]
_DCT = fft.dct(np.eye(8), norm="ortho", axis=0).astype(np.float32)


@dataclass(frozen=True)
class JpegCompression:
    """Compresses and decompresses an image as libjpeg does, without its entropy coding.

    Everything that loses something is there: 8-bit rounding, YCbCr, chroma at half resolution,
    quantized cosine coefficients, and libjpeg's smooth ("fancy") chroma upsampling. Written in
    tensor operations, so that it runs wherever the other degradations do.

    Args:
        quality: libjpeg's quality, 1 to 100, or a range to draw whole numbers from.
        subsampling: `"4:2:0"`, the usual, or `"4:4:4"`, full chroma.
        random_grid: Whether the 8x8 blocks start at a random place, as in a picture cropped
            after it was compressed. A network trained on patches that all start with a block
            would learn where blocks are. `False` compresses as a file would be.

    Raises:
        ValueError: If `quality` is not within 1 to 100 or `subsampling` unknown.

    Example:
    >>> compressed = JpegCompression(quality=20, random_grid=False)(image, seed=7)
    """

    quality: Range = (10, 90)
    subsampling: str = "4:2:0"
    random_grid: bool = True

    def __post_init__(self):
        as_range("quality", self.quality, 1, 100)
        if self.subsampling not in ("4:2:0", "4:4:4"):
            raise ValueError(f"`subsampling` is {self.subsampling!r}; expected '4:2:0' or '4:4:4'.")

    @property
    def margin(self) -> int:
        """One block of halved chroma where blocks may be cut by the patch, else none."""
        return 16 if self.random_grid else 0

    def __call__(self, image, seed):
        """Returns the compressed image of a float image of shape `(height, width, 1 or 3)`."""
        height, width, channels = image.shape
        quality = ops.round(draw(fold_in(seed, 1), as_range("quality", self.quality, 1, 100)))
        levels = ops.round(ops.clip(ops.cast(image, "float32"), 0.0, 1.0) * 255.0)
        # Room for the grid's offset before, and for whole blocks behind.
        before = 16 if self.random_grid else 0
        for axis, size in enumerate((height, width)):
            after = before + (-(size + 2 * before)) % 16
            levels = edge_padded(levels, before, after, axis)
        offset = ops.zeros((2,), "int32")
        if self.random_grid:
            offset = ops.stack([integer(fold_in(seed, number), 0, 16) for number in (2, 3)])
        rolled = ops.roll(levels, -offset[0], axis=0)
        rolled = ops.roll(rolled, -offset[1], axis=1)
        coded = self._code(rolled, _scale(quality), channels)
        coded = ops.roll(ops.roll(coded, offset[0], axis=0), offset[1], axis=1)
        return coded[before : before + height, before : before + width] / 255.0

    def _code(self, levels, scale, channels: int):
        planes = ops.transpose(levels, (2, 0, 1))
        if channels == 1:
            return _quantized(planes - 128.0, _table(_LUMINANCE, scale))[0][..., None]
        planes = ops.round(ops.tensordot(_TO_YCC, planes, 1) - _CENTRE)
        luma = _quantized(planes[:1], _table(_LUMINANCE, scale))
        half = self.subsampling == "4:2:0"
        chroma = _halved(planes[1:]) if half else planes[1:]
        chroma = _quantized(chroma, _table(_CHROMINANCE, scale))
        chroma = (_doubled(chroma) if half else chroma) - 128.0
        rgb = ops.tensordot(_TO_RGB, ops.concatenate([luma, chroma]), 1)
        return ops.transpose(ops.clip(ops.round(rgb), 0.0, 255.0), (1, 2, 0))


def _scale(quality):
    """Libjpeg's percentage of the standard tables (jcparam.c, `jpeg_quality_scaling`)."""
    return ops.where(
        quality < 50.0, ops.floor(5000.0 / ops.maximum(quality, 1.0)), 200.0 - 2 * quality
    )


def _table(standard: np.ndarray, scale):
    return ops.clip(ops.floor((standard * scale + 50.0) / 100.0), 1.0, 255.0)


def _quantized(planes, table):
    """Returns the 8-bit planes that are left of values centred on zero, after quantization."""
    count, height, width = planes.shape
    blocks = ops.reshape(planes, (count, height // 8, 8, width // 8, 8))
    blocks = ops.transpose(blocks, (0, 1, 3, 2, 4))
    coefficients = ops.matmul(ops.matmul(_DCT, blocks), _DCT.T)
    # libjpeg's integer transform gives eighths, and then rounds halves away from zero.
    eighths = ops.round(8.0 * ops.abs(coefficients))
    levels = ops.sign(coefficients) * ops.floor((eighths + 4.0 * table) / (8.0 * table))
    coefficients = levels * table
    blocks = ops.matmul(ops.matmul(_DCT.T, coefficients), _DCT)
    planes = ops.reshape(ops.transpose(blocks, (0, 1, 3, 2, 4)), (count, height, width))
    # Halves go up; they are usual where only the mean of a block is left, and float32 may put
    # them a trifle too low.
    return ops.clip(ops.floor(planes + (128.5 + 1e-3)), 0.0, 255.0)


def _halved(planes):
    """Means of 2x2 pixels, rounded up and down in turn as libjpeg does (jcsample.c)."""
    count, height, width = planes.shape
    sums = ops.sum(ops.reshape(planes, (count, height // 2, 2, width // 2, 2)), axis=(2, 4))
    bias = np.where(np.arange(width // 2) % 2, 2.0, 1.0).astype(np.float32)
    return ops.floor((sums + bias) / 4.0)


def _doubled(planes):
    """Bilinear upsampling in integers, the weights 3/4 and 1/4 (jdsample.c, `h2v2_fancy`)."""
    count, height, width = planes.shape
    rows = edge_padded(planes, 1, 1, axis=1)
    near = 3.0 * rows[:, 1:-1]
    rows = ops.stack([near + rows[:, :-2], near + rows[:, 2:]], axis=2)
    rows = ops.reshape(rows, (count, 2 * height, width))
    columns = edge_padded(rows, 1, 1, axis=2)
    near = 3.0 * columns[..., 1:-1]
    columns = ops.stack([near + columns[..., :-2] + 8.0, near + columns[..., 2:] + 7.0], axis=-1)
    return ops.floor(ops.reshape(columns, (count, 2 * height, 2 * width)) / 16.0)


def edge_padded(values, before: int, after: int, axis: int):
    """Repeats the first and the last value along an axis so many times."""
    size = values.shape[axis]
    # `ops.pad` has no mode "edge" on TensorFlow.
    return ops.take(values, np.clip(np.arange(-before, size + after), 0, size - 1), axis=axis)
