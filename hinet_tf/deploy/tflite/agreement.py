"""How well an exported file agrees with the model it was made from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from hinet_tf.data import ImagePair
from hinet_tf.metrics.psnr import psnr

Restore = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class PhotoAgreement:
    """One photo, restored by the model and by the file.

    Args:
        name: Name of the photo.
        between: PSNR between the two restored photos, unclipped, in decibels at peak 1.
        model_psnr: PSNR of the model's photo against the clean one, both clipped to [0, 1].
        file_psnr: The same for the file's photo.

    Example:
    >>> round(PhotoAgreement("cat", between=60.0, model_psnr=30.5, file_psnr=30.4).drop, 2)
    0.1
    """

    name: str
    between: float
    model_psnr: float
    file_psnr: float

    @property
    def drop(self) -> float:
        """Decibels of restored PSNR that the file loses."""
        return self.model_psnr - self.file_psnr


def compare(
    expected: Iterable[np.ndarray], file: Restore, photos: Iterable[ImagePair]
) -> list[PhotoAgreement]:
    """Restores photos by a file and holds them against the model's.

    Args:
        expected: What the Keras model restored, photo by photo.
        file: Restores one image `(height, width, channels)` with the file.
        photos: Degraded and clean photos.

    Returns:
        One entry for each photo.
    """
    agreements = []
    for by_model, photo in zip(expected, photos, strict=True):
        degraded, clean = photo.read()
        by_file = file(degraded)
        agreements.append(
            PhotoAgreement(
                photo.name,
                between=psnr(by_file, by_model),
                model_psnr=psnr(np.clip(by_model, 0, 1), clean),
                file_psnr=psnr(np.clip(by_file, 0, 1), clean),
            )
        )
    return agreements


def mean_drop(agreements: Iterable[PhotoAgreement]) -> float:
    """Mean of the drops, in decibels."""
    return float(np.mean([agreement.drop for agreement in agreements]))
