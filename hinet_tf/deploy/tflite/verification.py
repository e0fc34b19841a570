"""What every exported .tflite file must fulfil before it is written."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hinet_tf.data import ImagePair
from hinet_tf.deploy.tflite.agreement import PhotoAgreement, Restore, compare, mean_drop
from hinet_tf.deploy.tflite.arm64 import PROCESSORS, ARM64Emulator
from hinet_tf.deploy.tflite.device_arithmetic import has_vulkan, restore_on_device
from hinet_tf.deploy.tflite.recipes import QuantizationRecipe
from hinet_tf.deploy.tflite.report import Check
from hinet_tf.deploy.tflite.structure import (
    ALLOWED_LOCAL,
    ALLOWED_UINT8,
    partition_check,
    structure_checks,
)
from hinet_tf.deploy.tflite.verification_photos import crops
from hinet_tf.images.pixel_format import to_uint8
from hinet_tf.inference.engines.litert import TFLiteModel
from hinet_tf.layers import QuantizedTrainingPolicy
from hinet_tf.metrics.psnr import psnr
from hinet_tf.models import HINet

# The GPU computes in float32 on a software device; one unit of 8 bits would be 0.0039.
_GPU_TOLERANCE = 1e-3
# Least PSNR in decibels to the Keras model on images that are hard for 8 bits; where NaN became
# black it is below 10.
_SANE = 20.0
# Restored PSNR in decibels by which processors may differ.
_ARM64_TOLERANCE = 0.02
# Least PSNR in decibels between the file and the model that the quantized training computed with,
# over some photos together. One value that falls to the other side of a rounding turns those behind
# it: two integer computations are as far apart as either is from float, and where much is restored,
# as in heavy rain, single photos from 48 dB on.
_AS_TRAINED, _AS_TRAINED_PHOTOS = 50.0, 4


def trained_for(model: HINet, recipe: QuantizationRecipe) -> bool:
    """Whether a model comes from a quantized training for this very recipe."""
    quantization = model.quantization
    return quantization is not None and quantization["recipe"] == recipe.name


@dataclass(frozen=True)
class Verification:
    """What a file is held against.

    Args:
        model: The trained model.
        output: Which of its outputs the file restores.
        sizes: Height and width of each signature.
        image_type: `"float32"` or `"uint8"`.
        pairs: Degraded and clean photos.
        recipe: What the file promises.
        max_drop: Restored PSNR in decibels that may be lost.
        local: Whether statistics are local on some size.
        weights: Number of weights in the file.
        emulator: ARM64 processors to run the file on, if there are any.
    """

    model: HINet
    output: str
    sizes: Sequence[tuple[int, int]]
    image_type: str
    pairs: Sequence[ImagePair]
    recipe: QuantizationRecipe
    max_drop: float
    local: bool
    weights: int
    emulator: ARM64Emulator | None = None

    @functools.cached_property
    def photos(self) -> list[ImagePair]:
        """Crops to judge on: of every photo in the first size, of one in each other size."""
        first, *others = self.sizes
        photos = list(crops(self.pairs, first, per_photo=1))
        for size in others:
            photos += crops(self.pairs[:1], size, per_photo=1)
        # The degraded ones as the file sees them.
        return [
            ImagePair.of_arrays(photo.name, self._rounded(photo.degraded), photo.clean)
            for photo in photos
        ]

    @functools.cached_property
    def expected(self) -> list[np.ndarray]:
        """The photos as the Keras model restores them."""
        return [self._by_model(photo.degraded) for photo in self.photos]

    def agreements(self, content: bytes) -> list[PhotoAgreement]:
        """Restores the photos by a file and holds them against the model's."""
        file = TFLiteModel(content)
        return compare(self.expected, lambda image: self._by_file(file, image), self.photos)

    def drop(self, content: bytes) -> float:
        """Mean restored PSNR that a file loses, in decibels."""
        return mean_drop(self.agreements(content))

    def checks(self, content: bytes, agreements: Sequence[PhotoAgreement]) -> list[Check]:
        """Runs every check on the content of a file."""
        extra = ALLOWED_LOCAL if self.local else frozenset()
        if self.image_type == "uint8":
            extra |= ALLOWED_UINT8
        return [
            *structure_checks(
                content, self.weights, self.recipe.weight_bytes, len(self.sizes), extra
            ),
            *self._partitions(content),
            *self._quality(agreements),
            *self._as_trained(content),
            *self._finite(content),
            *self._float16(content),
            self._gpu(content),
            self._arm64(content),
        ]

    def _partitions(self, content: bytes) -> Iterator[Check]:
        check = partition_check(content, ("CAST",) if self.image_type == "uint8" else ())
        if self.local or self.recipe.activation_bits == 16:
            # XNNPACK has neither cumulative sums nor 16-bit convolutions.
            check = Check(check.name, None, check.measured, "reported only")
        yield check

    def _quality(self, agreements: Sequence[PhotoAgreement]) -> Iterator[Check]:
        worst = min(agreements, key=lambda agreement: agreement.between)
        required = self.recipe.agreement
        yield Check(
            "PSNR between the file's output and the Keras model's",
            None if required is None else worst.between >= required,
            f"{worst.between:.1f} dB on {worst.name}",
            "reported only" if required is None else f"at least {required:.0f} dB",
        )
        drop = mean_drop(agreements)
        yield Check(
            "restored PSNR lost against the Keras model",
            drop <= self.max_drop,
            f"{drop:.3f} dB over {len(agreements)} photos",
            f"at most {self.max_drop:g} dB",
        )

    def _as_trained(self, content: bytes) -> Iterator[Check]:
        if not trained_for(self.model, self.recipe):
            return
        rounded = self.model.rebuilt(dtype=QuantizedTrainingPolicy(self.recipe.name))
        file = TFLiteModel(content)
        photos = self.photos[:_AS_TRAINED_PHOTOS]
        by_file = [np.ravel(self._by_file(file, photo.degraded)) for photo in photos]
        by_model = [np.ravel(self._by_model(photo.degraded, rounded)) for photo in photos]
        between = psnr(np.concatenate(by_file), np.concatenate(by_model))
        yield Check(
            "PSNR between the file's output and that of the training's rounded model",
            between >= _AS_TRAINED,
            f"{between:.1f} dB over {len(photos)} photos",
            f"at least {_AS_TRAINED:.0f} dB",
        )

    def _finite(self, content: bytes) -> Iterator[Check]:
        file = TFLiteModel(content)
        shape = (*self.sizes[0], self.model.channels)
        if self.image_type == "uint8":
            # As bytes, what is not finite is black.
            between = {
                name: psnr(self._by_file(file, image), self._restored(image, self.model))
                for name, image in hard_images(shape)
                if 0 <= image.min() and image.max() <= 1
            }
            # Where the model itself gives NaN there is no distance either.
            worst = min(between, key=lambda name: np.nan_to_num(between[name], nan=-np.inf))
            yield Check(
                "sane on constant, black, white images and a checkerboard",
                bool(between[worst] >= _SANE),
                f"{between[worst]:.1f} dB from the Keras model on {worst}",
                f"at least {_SANE:.0f} dB",
            )
            return
        broken = [
            name
            for name, image in hard_images(shape)
            if not np.isfinite(self._by_file(file, image)).all()
        ]
        yield Check(
            "finite on constant, black, white, extreme images",
            not broken,
            f"NaN on {', '.join(broken)}" if broken else "finite",
            "finite",
        )

    def _float16(self, content: bytes) -> Iterator[Check]:
        name = "the same in float16 arithmetic, as phone GPUs compute"
        if self.image_type == "uint8" or self.local or not self.recipe.float_arithmetic:
            return
        photos = [photo for photo in self.photos[:2] if photo.degraded.shape[:2] == self.sizes[0]]
        shape = (*self.sizes[0], self.model.channels)
        images = [photo.degraded for photo in photos] + [image for _, image in hard_images(shape)]
        restored = restore_on_device("float16", content, images)
        if isinstance(restored, str):
            yield Check(name, False, restored, "every operator has a float16 form")
            return
        worst = min(
            psnr(found, expected)
            for found, expected in zip(restored[: len(photos)], self.expected, strict=False)
        )
        required = self.recipe.agreement and 60.0
        finite = all(np.isfinite(image).all() for image in restored)
        yield Check(
            name,
            finite and (required is None or worst >= required),
            f"{worst:.1f} dB, {'finite' if finite else 'NaN'} on extreme images",
            "finite" if required is None else f"at least {required:.0f} dB, finite",
        )

    def _gpu(self, content: bytes) -> Check:
        name = "whole on a Vulkan GPU"
        if not has_vulkan():
            return Check(name, None, "no Vulkan driver named by VK_DRIVER_FILES", "not checked")
        if not self.recipe.float_arithmetic or self.image_type == "uint8":
            return Check(name, None, "a recipe for processors", "not checked")
        image = self.photos[0].degraded
        restored = restore_on_device("gpu", content, [image])
        if isinstance(restored, str):
            return Check(name, False, restored, "every operator accelerated")
        difference = float(np.abs(restored[0] - TFLiteModel(content).restore(image)).max())
        return Check(
            name,
            bool(difference <= _GPU_TOLERANCE),
            f"every operator; {difference:.1e} away from the processor's result",
            f"every operator; within {_GPU_TOLERANCE:g}",
        )

    def _arm64(self, content: bytes) -> Check:
        name = "ARM64 kernels"
        if self.emulator is None:
            return Check(name, None, "no emulator named by HINET_ARM64", "not checked")
        photo = self.photos[0]
        here = [self._by_file(TFLiteModel(content), photo.degraded)]
        found = [
            compare(here, functools.partial(self._by_arm64, content, processor), [photo])[0]
            for processor in PROCESSORS[:2]
        ]
        drop = max((agreement.drop for agreement in found), key=abs)
        between = min(agreement.between for agreement in found)
        required = self.recipe.agreement
        return Check(
            name,
            abs(drop) <= _ARM64_TOLERANCE and (required is None or between >= required),
            f"{between:.1f} dB from the result here, {drop:.3f} dB lost, on "
            f"{' and '.join(PROCESSORS[:2])}, emulated",
            f"within {_ARM64_TOLERANCE:g} dB"
            + ("" if required is None else f", at least {required:.0f} dB"),
        )

    def _restored(self, image: np.ndarray, model: HINet) -> np.ndarray:
        return np.asarray(model(image[None], training=False)[self.output])[0]

    def _by_model(self, image: np.ndarray, model: HINet | None = None) -> np.ndarray:
        return self._rounded(self._restored(image, model or self.model))

    def _by_arm64(self, content: bytes, processor: str, image: np.ndarray) -> np.ndarray:
        return self._by(lambda own: self.emulator.restore(content, [own], processor)[0], image)

    def _by_file(self, file: TFLiteModel, image: np.ndarray) -> np.ndarray:
        return self._by(file.restore, image)

    def _rounded(self, image: np.ndarray) -> np.ndarray:
        return self._by(lambda own: own, image)

    def _by(self, restore: Restore, image: np.ndarray) -> np.ndarray:
        """Restores a float32 image by what takes and gives images of the file's own type."""
        if self.image_type == "float32":
            return restore(image)
        return restore(to_uint8(image)).astype(np.float32) / 255


def hard_images(shape: tuple[int, int, int]) -> Iterator[tuple[str, np.ndarray]]:
    """Images on which normalizations and quantizers break: no variance, or the most there is."""
    yield "black", np.zeros(shape, np.float32)
    yield "white", np.ones(shape, np.float32)
    yield "constant gray", np.full(shape, 0.5, np.float32)
    board = np.indices(shape[:2]).sum(axis=0)[..., None] % 2
    yield "a checkerboard", np.broadcast_to(board, shape).astype(np.float32)
    yield "values far outside [0, 1]", np.broadcast_to(board * 20.0 - 10, shape).astype(np.float32)
