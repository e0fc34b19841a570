"""Gaussian noise that hangs together from pixel to pixel and from colour to colour."""

from dataclasses import dataclass
from typing import ClassVar

from keras import ops

from hinet_tf.data.degradations.gaussian_filter import filtered, gaussian_weights
from hinet_tf.data.degradations.parameters import Range, as_range, draw
from hinet_tf.data.random_numbers import fold_in, normal

# Two standard deviations of the widest filter, which leaves a twentieth of its Gaussian out.
_REACH = 4
_WIDEST = 2.0


@dataclass(frozen=True)
class CorrelatedNoise:
    """Adds Gaussian noise of any grain and any colour, as a camera's own denoising leaves it.

    `CameraNoise` follows one way through a camera. What other cameras do is not published; what
    comes out of them is coarse, and more often gray than coloured, because they smooth colours
    most. So grain and colour are drawn here independently of each other and of the strength: a
    network that saw coloured noise only takes gray noise for texture, and colours for noise.

    Args:
        sigma: Standard deviation of the noise in 8-bit levels (of 255), or a range.
        grain: Standard deviation in pixels of the Gaussian filter that the noise went through,
            or a range: below 0.3 the noise is white.
        color: Part of the deviation that differs between the channels, or a range: 0 is gray
            noise, the same in all channels, 1 independent noise of each.

    Raises:
        ValueError: If an argument is out of range.

    Example:
    >>> noisy = CorrelatedNoise(sigma=8, grain=1.0, color=0.2)(image, seed=7)
    """

    sigma: Range = (0.0, 25.0)
    grain: Range = (0.2, 1.6)
    color: Range = (0.0, 1.0)
    margin: ClassVar[int] = 0

    def __post_init__(self):
        as_range("sigma", self.sigma, 0, 255)
        as_range("grain", self.grain, 0.1, _WIDEST)
        as_range("color", self.color, 0, 1)

    def __call__(self, image, seed):
        """Returns the noisy image, within [0, 1], of a float image `(height, width, channels)`."""
        image = ops.cast(image, "float32")
        height, width, channels = image.shape
        shape = (height + 2 * _REACH, width + 2 * _REACH)

        sigma = draw(fold_in(seed, 1), as_range("sigma", self.sigma, 0, 255)) / 255.0
        weights = gaussian_weights(
            draw(fold_in(seed, 2), as_range("grain", self.grain, 0.1, _WIDEST)), _REACH
        )
        color = draw(fold_in(seed, 3), as_range("color", self.color, 0, 1))
        gray = normal(fold_in(seed, 4), (*shape, 1))
        colored = normal(fold_in(seed, 5), (*shape, channels))
        noise = ops.sqrt(1.0 - color * color) * gray + color * colored
        # Filtering independent numbers along both axes leaves this part of their deviation.
        remaining = ops.sum(ops.square(weights))
        return ops.clip(image + sigma / remaining * filtered(noise, weights), 0.0, 1.0)
