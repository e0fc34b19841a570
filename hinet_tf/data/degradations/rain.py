"""Rain streaks."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from keras import ops

from hinet_tf.data.degradations.blur import convolve
from hinet_tf.data.degradations.linear_light import to_linear, to_srgb
from hinet_tf.data.degradations.parameters import Range, as_range, draw
from hinet_tf.data.random_numbers import fold_in, integer, normal, uniform

# Near, middle and far rain: size and number of the drops relative to the parameters, after
# perspective (at twice the distance half the length and width, and more drops within view).
_LAYERS = ((1.0, 0.25), (0.6, 0.6), (0.35, 1.0))
# Linear light of a lit drop: it images the bright sky, a little below white.
_DROP_LIGHT = 0.85
# Narrower streaks than this share of a pixel would fall between the pixels.
_THINNEST = 0.35
COMPOSITIONS = ("light", "screen", "additive")


@dataclass(frozen=True)
class Rain:
    """Lays streaks of falling drops over an image, near and far ones, and a veil of distant rain.

    All streaks of an image fall in nearly one direction. How they are composed with the image
    differs from camera to camera and from data set to data set, and a network that saw one way
    takes the others for texture; so each image draws one of three:

    - `"light"`: a drop crosses the picture during the exposure and covers part of each pixel on
      its way: it mixes its own light in and keeps so much of the background's out, in linear
      light (Garg and Nayar, "Vision and Rain", 2007);
    - `"screen"`: the same towards white in sRGB values, as picture editors lay rain over a photo;
    - `"additive"`: streaks are added to sRGB values and clipped, the model of the synthetic data
      sets Rain100L and Rain100H (Yang et al., "Deep Joint Rain Detection and Removal from a
      Single Image", 2017).

    The veil, rain too far away to see its streaks, takes contrast away: it mixes in a gray.

    Args:
        angle: Direction in degrees from vertical, positive leaning to the right at the top.
        length: Length of the near streaks in pixels.
        width: Width of the near streaks in pixels, at half of their height.
        density: Drops per 1000 pixels, all distances together; a range is drawn from with a
            uniform logarithm, so that light rain is as frequent as heavy rain.
        translucency: How much of the background is seen through the middle of a near streak:
            0 none, 1 all.
        veil: Share of the gray of distant rain at the highest density, 0 to 1; less rain has
            proportionally less.
        composition: One of `COMPOSITIONS`, or `None` to draw one for each image.

    Raises:
        ValueError: If `angle` is not within -90 to 90, `length` 1 to 200, `width` 0.5 to 10,
            `density` 0 to 200, `translucency` or `veil` 0 to 1, or `composition` unknown.

    Example:
    >>> rainy = Rain(angle=15, length=40, density=8)(image, seed=7)
    """

    angle: Range = (-35.0, 35.0)
    length: Range = (10.0, 80.0)
    width: Range = (1.0, 4.0)
    density: Range = (0.5, 40.0)
    translucency: Range = (0.1, 0.85)
    veil: Range = (0.0, 0.15)
    composition: str | None = None
    # The streaks do not depend on the image.
    margin: ClassVar[int] = 0

    _BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {
        "angle": (-90, 90),
        "length": (1, 200),
        "width": (0.5, 10),
        "density": (0, 200),
        "translucency": (0, 1),
        "veil": (0, 1),
    }

    def __post_init__(self):
        for name in self._BOUNDS:
            self._range(name)
        if self.composition not in (None, *COMPOSITIONS):
            raise ValueError(
                f"`composition` is {self.composition!r}; expected one of "
                f"{', '.join(map(repr, COMPOSITIONS))}, or None to draw one for each image."
            )

    def __call__(self, image, seed):
        """Returns the rainy image of a float image of shape `(height, width, channels)`."""
        image = ops.cast(image, "float32")
        heaviness = self._draw(seed, "density") / max(self._range("density")[1], 1e-6)
        veil = self._draw(seed, "veil") * heaviness
        # An overcast sky between the photograph's middle and white.
        image = image + veil * (uniform(fold_in(seed, 30), (), 0.5, 0.95) - image)
        streaks = self.coverage(seed, *image.shape[:2])[..., None]

        def in_light():
            light = to_linear(image)
            return to_srgb(ops.clip(light + streaks * (_DROP_LIGHT - light), 0.0, 1.0))

        composed = (
            in_light,
            lambda: image + streaks * (1.0 - image),
            lambda: ops.clip(image + streaks, 0.0, 1.0),
        )
        if self.composition:
            return composed[COMPOSITIONS.index(self.composition)]()
        chosen = integer(fold_in(seed, 31), 0, len(COMPOSITIONS))
        return ops.switch(chosen, composed)

    def coverage(self, seed, height: int, width: int):
        """Returns the part of each pixel that drops cover, `(height, width)` in [0, 1]."""
        # A ring wider than the longest streak: what wraps around stays outside the picture.
        radius = math.ceil(self._range("length")[1] / 2 + self._range("width")[1]) + 2
        shape = (len(_LAYERS), height + 2 * radius, width + 2 * radius)
        drawn = uniform(fold_in(seed, 10), shape)
        strength = uniform(fold_in(seed, 11), shape, 0.3, 1.0)
        shares = np.array([share for _, share in _LAYERS], np.float32)
        chance = self._draw(seed, "density") / 1000.0 * (shares / shares.sum())
        drops = strength * ops.cast(drawn < chance[:, None, None], "float32")
        kernels = ops.stack([self._streak(seed, number, radius) for number in range(len(_LAYERS))])
        streaks = convolve(drops, kernels)[:, radius:-radius, radius:-radius]
        streaks = ops.clip(streaks * (1.0 - self._draw(seed, "translucency")), 0.0, 1.0)
        # Each layer lets through what it does not cover.
        return 1.0 - ops.prod(1.0 - streaks, axis=0)

    def _streak(self, seed, layer: int, radius: int):
        """Returns the image of one drop of a layer, with the value 1 in its middle."""
        size = _LAYERS[layer][0]
        jitter = 2.0 * normal(fold_in(seed, 20 + layer))
        radians = (self._draw(seed, "angle") + jitter) * (math.pi / 180.0)
        axis = np.arange(-radius, radius + 1, dtype=np.float32)
        rows, columns = axis[:, None], axis[None, :]
        along = columns * ops.sin(radians) - rows * ops.cos(radians)
        across = columns * ops.cos(radians) + rows * ops.sin(radians)
        # Full width at half maximum is 2.355 standard deviations.
        deviation = ops.maximum(self._draw(seed, "width") * size / 2.355, _THINNEST)
        half = ops.maximum(self._draw(seed, "length") * size / 2, 0.5)
        # A drop is out of focus, or fades at the ends of its way: no streak ends sharply.
        ends = ops.clip((half + 0.5 - ops.abs(along)) / ops.maximum(0.5 * half, 1.0), 0.0, 1.0)
        kernel = ends * ops.exp(-0.5 * ops.square(across / deviation))
        return kernel / ops.max(kernel)

    def _draw(self, seed, name: str):
        bounds = self._range(name)
        part = fold_in(seed, list(self._BOUNDS).index(name))
        return draw(part, bounds, logarithmic=name == "density" and bounds[0] > 0)

    def _range(self, name: str) -> tuple[float, float]:
        return as_range(name, getattr(self, name), *self._BOUNDS[name])
