"""Restoring the validation images with the weights of the moment."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from hinet_tf.data import ImagePair, ValidationPairs
from hinet_tf.engine.progress import TrainingProgress
from hinet_tf.files import atomic_path
from hinet_tf.images.pixel_format import to_uint8
from hinet_tf.metrics.psnr import psnr
from hinet_tf.models import HINet

# What a whole image may take beside the training; of a larger one the middle is validated on, on
# every machine the same. Bytes per pixel as restoring takes them (benchmarks/inference.md).
_LARGEST_BYTES = 3 * 2**30
# As `metrics.PSNR` counts an image equal to its target, whose infinity would poison the mean.
_EQUAL = 100.0


class Restoration(NamedTuple):
    """What became of one validation image: its PSNR in dB before and after.

    Example:
    >>> Restoration("chelsea", degraded_psnr=20.0, psnr=30.5).psnr
    30.5
    """

    name: str
    degraded_psnr: float
    psnr: float


class Validator:
    """Scores a network in training on whole images, with its moving average where there is one.

    Of an image whose feature maps would take more than 3 GiB (4.3 megapixels at scale 0.25, 1.2 at
    1) the middle is scored.

    It works on a float32 copy of the network, so that the weights in training stay where they
    are and the copy can be saved as it was scored. The copy of a quantized training rounds as the
    training does; what is saved of it computes in float32 and carries the ranges.

    Args:
        network: The network in training.
        pairs: Degraded and clean images.

    Example:
    >>> pairs = ValidationPairs(builtin_photos("val"), degradation=GaussianNoise(25))
    >>> validator = Validator(network, pairs)
    """

    def __init__(self, network: HINet, pairs: ValidationPairs) -> None:
        self.network = network
        self.pairs = pairs
        quantized = network.quantization is not None
        policy = network.dtype_policy if quantized else "float32"
        self.model = network.rebuilt(dtype=policy, name="hinet")
        self._predict = _predictor(self.model)

    def refresh(self) -> HINet:
        """Brings the copy up to date with the network in training and returns it."""
        optimizer = self.network.optimizer
        averages = optimizer._model_variables_moving_average if optimizer.use_ema else None
        # What is frozen neither moves nor has an average.
        sources = averages or self.network.trainable_variables
        for target, source in zip(self.model.trainable_variables, sources, strict=True):
            target.assign(keras.ops.convert_to_numpy(source.value))
        for target, source in zip(
            self.model.non_trainable_variables, self.network.non_trainable_variables, strict=True
        ):
            target.assign(keras.ops.convert_to_numpy(source.value))
        return self.model

    def save(self, path: Path) -> None:
        """Saves the copy as a plain float32 model."""
        quantized = self.model.quantization is not None
        (self.model.rebuilt(dtype="float32") if quantized else self.model).save(path)

    def load(self, path: Path) -> None:
        """Brings a saved copy back."""
        saved = keras.saving.load_model(path)
        if self.model.quantization is not None:
            saved = saved.rebuilt(dtype=self.model.dtype_policy)
        self.model.set_weights(saved.get_weights())

    def restore(self, image: np.ndarray) -> np.ndarray:
        """Restores one float image `(height, width, channels)` of any size."""
        height, width = image.shape[:2]
        multiple = self.model.size_multiple
        padding = ((0, -height % multiple), (0, -width % multiple), (0, 0))
        padded = np.pad(image, padding, mode="symmetric")[np.newaxis]
        restored = self._predict(padded)["restored"][0, :height, :width]
        return np.clip(np.asarray(restored), 0.0, 1.0)

    def validate(self, progress: TrainingProgress, best: Path) -> dict[str, float]:
        """Scores the network of the moment and saves it if it is the best so far.

        Args:
            progress: The training's position; its scores are updated.
            best: File of the best model.

        Returns:
            The scores for the log: `psnr`, `degraded_psnr` and `gain` in dB.
        """
        self.refresh()
        results = self.score()
        progress.psnr = float(np.mean([result.psnr for result in results]))
        progress.degraded_psnr = float(np.mean([result.degraded_psnr for result in results]))
        if progress.best_psnr is None or progress.psnr > progress.best_psnr:
            progress.best_psnr = progress.psnr
            with atomic_path(best) as temporary:
                self.save(temporary)
        return {
            "psnr": progress.psnr,
            "degraded_psnr": progress.degraded_psnr,
            "gain": progress.psnr - progress.degraded_psnr,
        }

    def score(self) -> list[Restoration]:
        """Scores all images with the weights that the copy has, as once written to 8-bit files."""
        # One after the other: two calls of one graph at once crash, or mix their images
        # (`TensorFlowEngine`).
        return [self.restored(number)[0] for number in range(len(self.pairs))]

    def restored(self, number: int) -> tuple[Restoration, tuple[np.ndarray, ...]]:
        """Scores one image, and returns its degraded, restored and clean version as well."""
        pair = self.pairs[number]
        degraded, clean = self._read(pair)
        restored = self.restore(degraded)
        before, after = (file_psnr(image, clean) for image in (degraded, restored))
        return Restoration(pair.name, before, after), (degraded, restored, clean)

    def degraded_psnr(self) -> float:
        """Mean PSNR of the degraded images in dB, which tells them from other images."""
        return float(np.mean([file_psnr(*self._read(pair)) for pair in self.pairs]))

    def _read(self, pair: ImagePair) -> tuple[np.ndarray, ...]:
        """The degraded and the clean image, or their middles."""
        return tuple(self._middle(image) for image in pair.read())

    def _middle(self, image: np.ndarray) -> np.ndarray:
        """The image, or as much about its middle as fits."""
        pixels = _LARGEST_BYTES / (40 * self.model.width + 100)
        height, width = image.shape[:2]
        share = min(1.0, (pixels / (height * width)) ** 0.5)
        rows, columns = int(height * share), int(width * share)
        top, left = (height - rows) // 2, (width - columns) // 2
        return image[top : top + rows, left : left + columns]


def _predictor(model: HINet) -> Callable[[np.ndarray], dict[str, Any]]:
    if keras.backend.backend() != "tensorflow":
        # One compiled program for each size.
        return model.predict_on_batch
    import tensorflow as tf

    signature = [tf.TensorSpec((1, None, None, model.channels))]
    graph = tf.function(model, input_signature=signature, autograph=False)
    return lambda images: graph(tf.constant(images))


def file_psnr(image: np.ndarray, clean: np.ndarray) -> float:
    """PSNR in dB of an image as it would be written to an 8-bit file; 100 for equal images."""
    return min(psnr(to_uint8(image), to_uint8(clean), peak=255), _EQUAL)
