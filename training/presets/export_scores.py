"""What a preset loses as a .tflite file."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hinet_tf.training.presets.examples import example_pairs
from hinet_tf.training.presets.test_sets import PresetTestSet, middle
from PIL import Image

from hinet_tf.data import ImagePair
from hinet_tf.deploy.tflite.export import export_tflite
from hinet_tf.evaluation.scoring import score_pairs, summarize
from hinet_tf.images.pixel_format import to_uint8
from hinet_tf.inference import Restorer
from hinet_tf.models import HINet

QUANTIZATIONS = ("float16", "int8_dynamic", "int8")
_MULTIPLE, _LARGEST = 16, 256


def score_exports(
    model: HINet,
    task: str,
    test_set: PresetTestSet,
    quantizations: Sequence[str] = QUANTIZATIONS,
    on_progress: Callable[[str], None] = lambda message: None,
) -> dict[str, Any]:
    """Exports a preset, and scores model and files on the middle of each image of a test set.

    A file takes images of one size. Cutting that size out for all of them compares what the
    exports change and nothing else: no tiles, no padding.

    Args:
        model: The preset.
        task: Its task.
        test_set: What to score on.
        quantizations: Names of quantization recipes.
        on_progress: Called with a line for each part of the work.

    Returns:
        `{"set", "size", "images", "input_psnr", "float32_psnr", "files": {name: {"megabytes",
        "psnr", "drop", "failed_checks"}}}`.

    Raises:
        ValueError: If an image is too small.
    """
    size = _common_size(test_set.pairs)
    pairs = [_cut(pair, size) for pair in test_set.pairs]

    def mean_psnr(restorer: Restorer) -> tuple[float, float]:
        scores = score_pairs(restorer, pairs, [test_set.protocol], test_set.output)
        means = summarize(scores)
        return tuple(means[side][test_set.protocol]["psnr"] for side in ("restored", "degraded"))

    on_progress("float32")
    reference, before = mean_psnr(Restorer(model, precision="float32"))
    result: dict[str, Any] = {
        "set": test_set.key,
        "size": f"{size[0]}x{size[1]}",
        "images": len(pairs),
        "input_psnr": before,
        "float32_psnr": reference,
        "files": {},
    }
    with tempfile.TemporaryDirectory() as directory:
        photos = "builtin" if task == "denoise" else str(_write_photos(task, Path(directory)))
        for name in quantizations:
            path = Path(directory) / f"{name}.tflite"
            # Forced, because a preset's card reports a failed check instead of hiding the file.
            report = export_tflite(
                model, path, [size], name, photos=photos, calibration=photos, force=True
            )
            on_progress(name)
            after, _ = mean_psnr(Restorer(path))
            result["files"][name] = {
                "megabytes": path.stat().st_size / 1e6,
                "psnr": after,
                "drop": reference - after,
                "failed_checks": [check.name for check in report.failed],
            }
    return result


def _common_size(pairs: Sequence[ImagePair]) -> tuple[int, int]:
    """The largest size up to 256 that fits into every image."""
    shapes = [pair.clean.shape for pair in pairs]
    height, width = (
        min(min(shape[axis] for shape in shapes) // _MULTIPLE * _MULTIPLE, _LARGEST)
        for axis in (0, 1)
    )
    if not height or not width:
        raise ValueError(f"The images must have at least {_MULTIPLE} pixels a side.")
    return height, width


def _cut(pair: ImagePair, size: tuple[int, int]) -> ImagePair:
    return pair._replace(read=lambda: tuple(middle(image, *size) for image in pair.read()))


def _write_photos(task: str, folder: Path) -> Path:
    """Photos degraded as the task says, to verify and to calibrate on."""
    for pair in example_pairs(task):
        degraded, clean = pair.read()
        for split in ("train", "val"):
            for side, image in (("input", to_uint8(degraded)), ("target", clean)):
                path = folder / split / side / f"{pair.name}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(path)
    return folder
