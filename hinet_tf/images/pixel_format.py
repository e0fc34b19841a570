"""Between an image's own pixels and what a network takes: float RGB or gray in [0, 1]."""

from dataclasses import dataclass

import numpy as np

# Restored noise may leave [0, 1] a little; 0..255 in a float image is a mistake to name.
_FLOAT_LIMITS = (-1.0, 2.0)


@dataclass(frozen=True)
class PixelFormat:
    """Data type and channels of an image, and the channels of the model that restores it.

    Args:
        dtype: `uint8`, `uint16` or a float type.
        channels: Channels of the image: 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha, or
            as many as the model has.
        model_channels: Channels of the model.

    Raises:
        ValueError: If the data type is none of these, or the channels do not go together.
    """

    dtype: np.dtype
    channels: int
    model_channels: int

    def __post_init__(self) -> None:
        native = self.dtype.newbyteorder("=")
        if native not in (np.uint8, np.uint16) and not np.issubdtype(self.dtype, np.floating):
            raise ValueError(f"Expected uint8, uint16 or float pixels. Received: {self.dtype}.")
        if self.model_channels == 1 and self.channels in (3, 4):
            raise ValueError(
                "The model restores gray images. Received: a colour image. Convert it to gray, "
                "or use a model for colour."
            )
        if self.channels - self.has_alpha != self.model_channels and not self.is_repeated_gray:
            raise ValueError(
                f"The model restores images of {self.model_channels} channels. Received: an "
                f"image of {self.channels} channels."
            )

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel is alpha, which passes through untouched."""
        return self.channels in (2, 4) and self.channels != self.model_channels

    @property
    def is_repeated_gray(self) -> bool:
        """Whether a gray image goes through a colour model, as three equal channels."""
        return self.model_channels == 3 and self.channels in (1, 2)

    def to_model(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels `(height, width, channels)` as float32 in [0, 1] with the model's channels.

        Raises:
            ValueError: If float pixels are not finite or lie far outside [0, 1].
        """
        color = pixels[..., : self.channels - self.has_alpha]
        if np.issubdtype(self.dtype, np.integer):
            color = color.astype(np.float32) / np.float32(np.iinfo(self.dtype).max)
        else:
            _check_float(color)
            color = color.astype(np.float32)
        return np.repeat(color, 3, axis=-1) if self.is_repeated_gray else color

    def from_model(self, restored: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        """Restored float pixels in the image's own format, with the alpha of `pixels`.

        Integers are clipped and rounded half to even, as the official code writes files; floats
        are left as the network made them, so that highlights above 1 survive.
        """
        if self.is_repeated_gray:
            restored = restored.mean(axis=-1, keepdims=True)
        if np.issubdtype(self.dtype, np.integer):
            peak = np.iinfo(self.dtype).max
            restored = np.rint(np.clip(restored, 0, 1) * np.float32(peak))
        restored = restored.astype(self.dtype)
        if self.has_alpha:
            restored = np.concatenate([restored, pixels[..., -1:]], axis=-1)
            # NumPy joins arrays in the machine's byte order.
            restored = restored.astype(self.dtype, copy=False)
        return restored


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Rounds an image to 8 bits, half to even, as the official code writes files.

    Args:
        image: Any shape; floats in [0, 1] (values outside are clipped), uint16 over its full
            range, or uint8, which is returned as it is.

    Returns:
        A uint8 array of the same shape.

    Example:
    >>> to_uint8(np.array([-0.1, 0.5, 1.2])).tolist()
    [0, 128, 255]
    """
    if image.dtype == np.uint16:
        return np.rint(image / 257).astype(np.uint8)
    return image if image.dtype == np.uint8 else np.rint(np.clip(image, 0, 1) * 255).astype("uint8")


def _check_float(color: np.ndarray) -> None:
    if not np.isfinite(color).all():
        raise ValueError(
            "Expected finite pixels. Received: NaN or infinite values; replace them first."
        )
    low, high = float(color.min()), float(color.max())
    if low < _FLOAT_LIMITS[0] or high > _FLOAT_LIMITS[1]:
        raise ValueError(
            f"Expected float pixels in [0, 1]. Received: values from {low:.4g} to {high:.4g}; "
            "divide by the peak first."
        )
