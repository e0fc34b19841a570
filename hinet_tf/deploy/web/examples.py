"""A degraded photo for each task, to try a page with."""

from pathlib import Path

from PIL import Image

from hinet_tf import data
from hinet_tf.data.sources.builtin import builtin_images
from hinet_tf.images.pixel_format import to_uint8

_DEGRADATIONS = {
    "denoise": lambda: data.GaussianNoise(25.0),
    "deblur": lambda: data.MotionBlur(length=15.0),
    "derain": lambda: data.Rain(),
    "dejpeg": lambda: data.JpegCompression(20),
}
# 512 x 512, public domain (NASA).
_PHOTO = "astronaut"


def write_example(task: str, path: Path) -> None:
    """Writes the example of a task as PNG.

    Args:
        task: One of `hinet_tf.tasks.TASKS`; the photo of any other task is noisy.
        path: The file.
    """
    clean = data.ArraySource([builtin_images("train")[_PHOTO]])
    degradation = _DEGRADATIONS.get(task, _DEGRADATIONS["denoise"])()
    [pair] = data.ValidationPairs(clean, degradation=degradation, seed=5)
    Image.fromarray(to_uint8(pair.degraded)).save(path)
