"""What every exported .tflite file must fulfil before it is written."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from hinet_tf.data import ValidationPair
from hinet_tf.deploy.agreement import PhotoAgreement, compare, mean_drop
from hinet_tf.deploy.check import Check
from hinet_tf.deploy.quantization_recipe import QuantizationRecipe
from hinet_tf.deploy.tflite_model import TFLiteModel
from hinet_tf.deploy.tflite_report import TFLiteReport
from hinet_tf.deploy.verification_photos import crops, verification_pairs
from hinet_tf.models import HINet

Restore = Callable[[np.ndarray], np.ndarray]


def run_gates(
    content: bytes,
    model: HINet,
    sizes: Sequence[tuple[int, int]],
    recipe: QuantizationRecipe,
    output: str,
    max_drop: float,
    photos: str,
) -> TFLiteReport:
    """Runs all checks on the content of a file; see `docs/tflite.md` for what each is for."""
    file = TFLiteModel(content)
    pairs = verification_pairs(photos)

    def restore_by_model(image: np.ndarray) -> np.ndarray:
        return np.asarray(model(image[None], training=False)[output])[0]

    agreements = []
    for number, size in enumerate(sizes):
        # The first size is judged on every photo, the others only prove that they agree.
        some = crops(pairs if number == 0 else pairs[:1], size, per_photo=1)
        agreements += compare(restore_by_model, file.restore, some)
    checks = [*_agreement(agreements, recipe, max_drop), *_finite(file, sizes[0])]
    return TFLiteReport(tuple(checks), tuple(agreements))


def _agreement(
    agreements: Sequence[PhotoAgreement], recipe: QuantizationRecipe, max_drop: float
) -> Iterator[Check]:
    worst = min(agreements, key=lambda agreement: agreement.between)
    yield Check(
        "PSNR between the file's output and the Keras model's",
        recipe.agreement is None or worst.between >= recipe.agreement,
        f"{worst.between:.1f} dB on {worst.name}",
        "reported only" if recipe.agreement is None else f"at least {recipe.agreement:.0f} dB",
    )
    drop = mean_drop(agreements)
    yield Check(
        "restored PSNR lost against the Keras model",
        drop <= max_drop,
        f"{drop:.3f} dB over {len(agreements)} photos",
        f"at most {max_drop:g} dB",
    )


def _finite(file: TFLiteModel, size: tuple[int, int]) -> Iterator[Check]:
    for name, image in hard_images((*size, 3)):
        finite = np.isfinite(file.restore(image)).all()
        yield Check(f"finite on {name}", bool(finite), "finite" if finite else "NaN", "finite")


def hard_images(shape: tuple[int, int, int]) -> Iterator[ValidationPair]:
    """Images on which normalizations and quantizers break: no variance, or the most there is."""
    yield "a black image", np.zeros(shape, np.float32)
    yield "a white image", np.ones(shape, np.float32)
    yield "a constant gray image", np.full(shape, 0.5, np.float32)
    board = np.indices(shape[:2]).sum(axis=0)[..., None] % 2
    yield "a black and white checkerboard", np.broadcast_to(board, shape).astype(np.float32)
