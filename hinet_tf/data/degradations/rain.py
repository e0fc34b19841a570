"""Rain streaks."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from keras import ops

from hinet_tf.data import random_numbers
from hinet_tf.data.degradations.blur import convolve, splat
from hinet_tf.data.degradations.linear_light import to_linear, to_srgb
from hinet_tf.data.degradations.parameters import Range, as_range, draw

# Near, middle and far rain: length and number of the drops relative to the parameters, after
# perspective (at twice the distance half the length, and more drops within view).
_LAYERS = ((1.0, 0.25), (0.6, 0.6), (0.35, 1.0))
_PLACES = 48
# Linear light of a lit drop: it images the bright sky, a little below white.
_DROP_LIGHT = 0.85


@dataclass(frozen=True)
class Rain:
    """Lays streaks of falling drops over an image, near and far ones.

    A drop crosses the picture during the exposure and covers part of each pixel on its way: it
    mixes its own light in and keeps so much of the background's out (Garg and Nayar, "Vision
    and Rain", 2007). That is done in linear light. All streaks of an image fall in nearly one
    direction.

    Args:
        angle: Direction in degrees from vertical, positive leaning to the right at the top.
        length: Length of the near streaks in pixels.
        density: Drops per 1000 pixels, all distances together.
        translucency: How much of the background is seen through the middle of a near streak:
            0 none, 1 all.

    Raises:
        ValueError: If `angle` is not within -90 to 90, `length` 1 to 200, `density` 0 to 200
            or `translucency` 0 to 1.

    Example:
    >>> rainy = Rain(angle=15, length=40, density=8)(image, seed=7)
    """

    angle: Range = (-30.0, 30.0)
    length: Range = (15.0, 45.0)
    density: Range = (2.0, 15.0)
    translucency: Range = (0.1, 0.7)
    # The streaks do not depend on the image.
    margin: ClassVar[int] = 0

    _BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {
        "angle": (-90, 90),
        "length": (1, 200),
        "density": (0, 200),
        "translucency": (0, 1),
    }

    def __post_init__(self):
        for name in self._BOUNDS:
            self._range(name)

    def __call__(self, image, seed):
        """Returns the rainy image of a float image of shape `(height, width, channels)`."""
        light = to_linear(ops.cast(image, "float32"))
        coverage = self.coverage(seed, *image.shape[:2])[..., None]
        return to_srgb(ops.clip(light + coverage * (_DROP_LIGHT - light), 0.0, 1.0))

    def coverage(self, seed, height: int, width: int):
        """Returns the part of each pixel that drops cover, `(height, width)` in [0, 1]."""
        values = {
            name: draw(random_numbers.fold_in(seed, number), self._range(name))
            for number, name in enumerate(self._BOUNDS)
        }
        # A ring wider than the longest streak: what wraps around stays outside the picture.
        radius = math.ceil(self._range("length")[1] / 2) + 2
        shape = (len(_LAYERS), height + 2 * radius, width + 2 * radius)
        drawn = random_numbers.uniform(random_numbers.fold_in(seed, 10), shape)
        strength = random_numbers.uniform(random_numbers.fold_in(seed, 11), shape, 0.4, 1.0)
        shares = np.array([share for _, share in _LAYERS], np.float32)
        chance = values["density"] / 1000.0 * (shares / shares.sum())
        drops = ops.where(drawn < chance[:, None, None], strength, 0.0)
        kernels = ops.stack(
            [
                self._streak(seed, number, values["angle"], values["length"] * scale, radius)
                for number, (scale, _) in enumerate(_LAYERS)
            ]
        )
        streaks = convolve(drops, kernels)[:, radius:-radius, radius:-radius]
        streaks = ops.clip(streaks * (1.0 - values["translucency"]), 0.0, 1.0)
        # Each layer lets through what it does not cover.
        return 1.0 - ops.prod(1.0 - streaks, axis=0)

    def _streak(self, seed, number: int, angle, length, radius: int):
        """Returns the image of one drop, with the value 1 in its middle."""
        jitter = 2.0 * random_numbers.normal(random_numbers.fold_in(seed, 20 + number))
        radians = (angle + jitter) * (math.pi / 180.0)
        along = np.linspace(-0.5, 0.5, _PLACES, dtype=np.float32) * length
        # A drop is thin and out of focus at the ends of its way; no streak ends sharply.
        ends = np.sin(np.pi * (np.arange(_PLACES) + 0.5) / _PLACES)
        kernel = splat(-along * ops.cos(radians), along * ops.sin(radians), radius, ends)
        return kernel / ops.max(kernel)

    def _range(self, name: str) -> tuple[float, float]:
        return as_range(name, getattr(self, name), *self._BOUNDS[name])
