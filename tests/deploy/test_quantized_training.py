"""What a quantized training learned reaches the file."""

import keras
import numpy as np
import pytest

import hinet_tf
from hinet_tf.deploy.graph.rewrite import deployable_graph
from hinet_tf.deploy.tflite.verification_photos import calibration_pairs, crops
from hinet_tf.images.pixel_format import to_uint8
from hinet_tf.inference.engines.litert import TFLiteModel
from hinet_tf.layers import QuantizedTrainingPolicy
from hinet_tf.metrics.psnr import psnr

SIZE = (64, 64)


@pytest.fixture(scope="module")
def photos():
    return np.stack([photo.degraded for photo in crops(calibration_pairs(), SIZE, per_photo=2)])


@pytest.mark.parametrize("recipe", ["int8", "int8_dynamic"])
def test_the_file_computes_what_the_rounded_model_computes(denoiser, tmp_path, photos, recipe):
    rounded = denoiser.rebuilt(dtype=QuantizedTrainingPolicy(recipe))
    for batch in np.split(photos, 4):
        rounded(batch, training=True)
    # As it is trained, with its ranges among the weights.
    graph = deployable_graph(rounded)
    assert graph.count_params() == deployable_graph(denoiser).count_params()
    saved = tmp_path / "trained.keras"
    rounded.rebuilt(dtype="float32").save(saved)
    model = keras.saving.load_model(saved)
    assert model.quantization == rounded.quantization

    path = tmp_path / "trained.tflite"
    report = hinet_tf.export_tflite(model, path, [SIZE], recipe, max_drop=0.5)
    assert not report.failed
    (check,) = [check for check in report.checks if "rounded model" in check.name]
    assert check.passed
    file = TFLiteModel(path)
    agreement = [
        psnr(file.restore(photo), rounded(photo[None])["restored"][0].numpy()) for photo in photos
    ]
    assert min(agreement) > 50


@pytest.mark.parametrize("recipe", ["int8", pytest.param("int8_dynamic", marks=pytest.mark.slow)])
def test_bytes_in_and_out_are_the_float_images_rounded(denoiser, tmp_path, photos, recipe):
    rounded = denoiser.rebuilt(dtype=QuantizedTrainingPolicy(recipe))
    rounded(photos, training=True)
    model = rounded.rebuilt(dtype="float32")
    files = {}
    for image_type in ("float32", "uint8"):
        path = tmp_path / f"{image_type}.tflite"
        report = hinet_tf.export_tflite(
            model, path, [SIZE], recipe, image_type=image_type, max_drop=0.5
        )
        assert not report.failed
        files[image_type] = TFLiteModel(path)
    for photo in to_uint8(photos[:4]):
        restored = files["uint8"].restore(photo)
        assert restored.dtype == np.uint8
        floats = files["float32"].restore(photo * np.float32(1 / 255))
        # A last bit turns a rounding, and that those behind it: rarely by two levels.
        levels = restored.astype(int) - to_uint8(floats)
        assert np.abs(levels).max() <= 2 and np.mean(np.abs(levels) == 2) < 0.02
        # Cut off instead of rounded would be half a level less.
        assert abs(levels.mean()) < 0.05 and np.ptp(restored) > 100


def test_another_recipe_is_exported_as_ever(denoiser, tmp_path):
    rounded = denoiser.rebuilt(dtype=QuantizedTrainingPolicy("int8_dynamic"))
    report = hinet_tf.export_tflite(
        rounded.rebuilt(dtype="float32"), tmp_path / "n.tflite", [SIZE], "float16"
    )
    assert not any("rounded model" in check.name for check in report.checks)
