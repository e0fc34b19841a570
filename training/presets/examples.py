"""Photos that no preset was trained on, degraded as its task says, the same way each time."""

from collections.abc import Sequence

import numpy as np
from skimage import data

from hinet_tf.data import ImagePair, random_numbers
from hinet_tf.data.degradations import GaussianNoise, JpegCompression, MotionBlur, Rain
from hinet_tf.inference.restorer import Restorer
from hinet_tf.metrics.evaluate_images import evaluate_images

# Of each task one degradation of middling strength, and its name for captions.
EXAMPLES = {
    "denoise": ("noise, σ 25", GaussianNoise(25, clip=False)),
    "dejpeg": ("JPEG quality 20", JpegCompression(20, random_grid=False)),
    "deblur": ("motion blur", MotionBlur(length=(8.0, 12.0))),
    "derain": ("rain", Rain()),
}
# scikit-image states the licences: astronaut (NASA) and rocket (SpaceX) public domain, the cat and
# the coffee CC0.
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
# Photo, top and left of the two squares that vouch for a preset: an eye and fur, a spoon and wood.
_SQUARES = (("chelsea", 60, 120), ("coffee", 180, 330))
_SIDE = 128
_SEED = 7


def degrade(task: str, clean: np.ndarray, number: int) -> np.ndarray:
    """Degrades a photo as `EXAMPLES` says.

    Args:
        task: A task.
        clean: `(height, width, 3)` uint8.
        number: Photos of different numbers get different noise, blur or rain.

    Returns:
        `(height, width, 3)` float32.
    """
    image = clean.astype(np.float32) / 255
    return np.asarray(EXAMPLES[task][1](image, random_numbers.fold_in(_SEED, number)))


def example_pairs(task: str) -> list[ImagePair]:
    """The whole photos, degraded.

    Args:
        task: A task.

    Returns:
        One pair for each of `PHOTOS`.

    Example:
    >>> [pair.name for pair in example_pairs("dejpeg")]
    ['astronaut', 'chelsea', 'coffee', 'rocket']
    """
    return pairs_of(task, PHOTOS, [getattr(data, name)() for name in PHOTOS])


def pairs_of(task: str, names: Sequence[str], photos: Sequence[np.ndarray]) -> list[ImagePair]:
    """Pairs of any clean photos, degraded as `degrade` does."""
    return [
        ImagePair(name, lambda n=number, p=photo: (degrade(task, p, n), p))
        for number, (name, photo) in enumerate(zip(names, photos, strict=True))
    ]


def check_pairs(task: str) -> list[ImagePair]:
    """Two small squares of those photos, degraded."""
    squares = [
        getattr(data, name)()[top : top + _SIDE, left : left + _SIDE]
        for name, top, left in _SQUARES
    ]
    return pairs_of(task, [name for name, *_ in _SQUARES], squares)


def check_scores(restorer: Restorer, task: str) -> dict[str, dict[str, float]]:
    """Scores a preset on two small squares, which takes no data set and a second.

    A card holds these figures; whoever computes them again knows that weights, network and code
    still do what they did when the card was written.

    Args:
        restorer: What restores.
        task: The task of the preset.

    Returns:
        `{name: {"input": ..., "restored": ...}}`, PSNR in decibels.

    Example:
    >>> check_scores(Restorer("denoise_0.25x"), "denoise")  # doctest: +SKIP
    {'chelsea': {'input': 20.4, 'restored': 29.8}, 'coffee': {'input': 20.6, 'restored': 30.2}}
    """
    scores = {}
    for pair in check_pairs(task):
        degraded, clean = pair.read()
        images = {"input": degraded, "restored": restorer.restore(degraded)}
        scores[pair.name] = {
            key: evaluate_images(image, clean, "matlab")["psnr"] for key, image in images.items()
        }
    return scores
