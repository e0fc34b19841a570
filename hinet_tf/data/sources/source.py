"""Where images come from, whatever holds them."""

from abc import ABC, abstractmethod

import numpy as np
import tensorflow as tf


class Source(ABC):
    """A numbered collection of clean images, or of pairs of a degraded and a clean image.

    Reading by number, instead of as a stream, is what makes training resumable at any step
    without replaying what came before. Subclasses set the attributes in `__init__`.

    Attributes:
        names: One name per image, unique within the source.
        paired: Whether each clean image has a degraded partner.
        dtype: `tf.uint8` or `tf.uint16`, one for all images.

    Example:
    >>> degraded, clean = paired_folder("gopro", "train").read(0)
    """

    names: tuple[str, ...]
    paired: bool
    dtype: tf.DType

    def __len__(self) -> int:
        return len(self.names)

    def name(self, index: int) -> str:
        """Returns the name of one image, for reports."""
        return self.names[index]

    @abstractmethod
    def read(self, index: tf.Tensor) -> tuple[tf.Tensor | None, tf.Tensor]:
        """Returns one pair as tensors; runs eagerly and inside `tf.data`.

        Args:
            index: Scalar integer tensor, from 0 to `len(self) - 1`.

        Returns:
            Degraded image (`None` if the source is not paired) and clean image, both of shape
            `(height, width, channels)` with 1 or 3 channels, of `dtype`.
        """

    def images(self, index: int) -> tuple[np.ndarray | None, np.ndarray]:
        """Returns one pair as NumPy arrays.

        Args:
            index: From 0 to `len(self) - 1`.

        Returns:
            As `read`.
        """
        degraded, clean = self.read(tf.constant(index, tf.int64))
        return None if degraded is None else degraded.numpy(), clean.numpy()
