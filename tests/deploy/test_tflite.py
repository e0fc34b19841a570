"""Exports of a shortly trained denoiser, each looked at from outside the exporter."""

import hashlib
import json
import resource
import zipfile
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.tools import flatbuffer_utils

import hinet_tf
from hinet_tf.deploy.tflite import export
from hinet_tf.deploy.tflite.metadata import read_metadata
from hinet_tf.deploy.tflite.recipes import QUANTIZATION_RECIPES, get_quantization_recipe
from hinet_tf.deploy.tflite.verification import Verification
from hinet_tf.inference.engines.litert import TFLiteModel
from hinet_tf.metrics.psnr import psnr
from hinet_tf.models.weights import weights_sha256

SIZES = ((64, 64), (48, 80))
DETAILS = {"task": "denoise", "license": "CC0-1.0", "training_data": "5 photos"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tflite")


@pytest.fixture(scope="module")
def exported(denoiser, folder):
    """Exports on demand, each variant once."""
    done = {}

    def exported_as(quantization, **arguments):
        key = (quantization, *arguments.items())
        if key not in done:
            path = folder / f"{len(done)}.tflite"
            report = hinet_tf.export_tflite(
                denoiser, path, SIZES, quantization, details=DETAILS, **arguments
            )
            done[key] = path, report
        return done[key]

    return exported_as


def _photo(size=(64, 64)):
    image = np.random.default_rng(5).random((*size, 3), np.float32)
    return np.clip(np.cumsum(image - 0.5, axis=1) / 8 + 0.5, 0, 1).astype(np.float32)


def _stored(path):
    """Bytes of constants in a file: its weights, without the graph."""
    model = flatbuffer_utils.read_model(str(path))
    return sum(len(buffer.data) for buffer in model.buffers if buffer.data is not None)


@pytest.mark.parametrize("quantization, decibels", [("float32", 80), ("float16", 60)])
def test_float_files_restore_what_the_model_restores(denoiser, exported, quantization, decibels):
    path, report = exported(quantization)
    assert not report.failed
    for size in SIZES:
        image = _photo(size)
        expected = denoiser(image[None])["restored"][0].numpy()
        assert psnr(TFLiteModel(path).restore(image), expected) > decibels


def test_a_float16_file_computes_in_float16_as_well(exported):
    _, report = exported("float16")
    (check,) = [check for check in report.checks if "float16 arithmetic" in check.name]
    assert check.passed and "finite on extreme" in check.measured


def test_sizes_share_the_weights(denoiser, exported):
    path, _ = exported("float16")
    two_bytes = 2 * denoiser.count_params()
    assert 0.95 * two_bytes < _stored(path) < 1.15 * two_bytes
    names = Interpreter(str(path)).get_signature_list()
    assert names == {
        "restore_64x64": {"inputs": ["image"], "outputs": ["restored"]},
        "restore_48x80": {"inputs": ["image"], "outputs": ["restored"]},
    }


@pytest.mark.parametrize("quantization", ["int8_weights", "int8_dynamic"])
def test_int8_weights_make_a_quarter(denoiser, exported, quantization):
    path, report = exported(quantization)
    assert not report.failed
    # Of four bytes; the smallest convolutions stay in float.
    assert _stored(path) < 1.6 * denoiser.count_params()
    model = denoiser(_photo()[None])["restored"][0].numpy()
    assert psnr(TFLiteModel(path).restore(_photo()), model) > 40


def test_uint8_images_in_and_out(denoiser, exported):
    path, report = exported("float16", image_type="uint8")
    assert not report.failed
    image = np.rint(_photo() * 255).astype(np.uint8)
    model = denoiser(image[None] / np.float32(255))["restored"][0].numpy()
    restored = TFLiteModel(path).restore(image)
    assert restored.dtype == np.uint8
    difference = restored - np.rint(np.clip(model, 0, 1) * 255)
    assert np.abs(difference).max() <= 1 and np.mean(difference != 0) < 0.05


def test_bytes_that_were_no_numbers_are_found(denoiser, exported):
    """NaN becomes black where a file gives bytes, which every check for finite values passes."""
    path, report = exported("float16", image_type="uint8")
    (sane,) = [check for check in report.checks if check.name.startswith("sane on")]
    assert sane.passed

    class Broken(Verification):
        def _by_file(self, file, image):
            restored = super()._by_file(file, image)
            return np.zeros_like(restored) if np.ptp(image) == 0 else restored

    recipe = get_quantization_recipe("float16")
    broken = Broken(denoiser, "restored", [(64, 64)], "uint8", [], recipe, 0.1, False, 1)
    (check,) = broken._finite(path.read_bytes())
    assert check.passed is False and "on white" in check.measured

    class Undefined(Verification):
        def _restored(self, image, model):
            restored = super()._restored(image, model)
            return np.nan * restored if image.max() == image.min() == 0.5 else restored

    broken = Undefined(denoiser, "restored", [(64, 64)], "uint8", [], recipe, 0.1, False, 1)
    (check,) = broken._finite(path.read_bytes())
    assert check.passed is False and "on constant gray" in check.measured


def test_reports_of_something_else_are_not_replaced(denoiser, tmp_path):
    scores = tmp_path / "denoise.json"
    scores.write_text("mine")
    with pytest.raises(FileExistsError, match=r"denoise\.json exists"):
        hinet_tf.export_tflite(denoiser, tmp_path / "denoise.tflite", [(64, 64)], "float32")
    assert scores.read_text() == "mine" and list(tmp_path.iterdir()) == [scores]


def test_stage1_is_the_first_stage(denoiser, exported):
    path, _ = exported("float32", output="stage1")
    expected = denoiser(_photo()[None])["stage1"][0].numpy()
    assert psnr(TFLiteModel(path).restore(_photo()), expected) > 80
    assert _stored(path) < 0.5 * _stored(exported("float32")[0])


def test_the_file_describes_itself(denoiser, folder, exported):
    path, _ = exported("float16")
    about = read_metadata(path)
    assert about["task"] == "denoise" and about["license"] == "CC0-1.0"
    assert about["scale"] == 0.25 and about["image"]["size_multiple"] == 2
    assert about["image"]["sizes"] == [[64, 64], [48, 80]] and about["image"]["range"] == [0, 1]
    assert about["source_sha256"] == weights_sha256(denoiser)
    stored = folder / "stored.keras"
    denoiser.save(stored)
    assert weights_sha256(keras.saving.load_model(stored, compile=False)) == about["source_sha256"]
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
    assert (
        about["model_sha256"] == hashlib.sha256(path.read_bytes()[: _model_size(path)]).hexdigest()
    )


def _model_size(path):
    with zipfile.ZipFile(path) as archive:
        return archive.infolist()[0].header_offset


def test_a_full_temporary_folder_is_one_line(denoiser, folder):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError, match=r"temporary folder .* could not be written: .*TMPDIR"):
            hinet_tf.export_tflite(denoiser, folder / "none.tflite", [(32, 32)], "float32")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not (folder / "none.tflite").exists()


def test_a_copy_that_lost_a_bit_is_refused(exported, folder):
    # LiteRT itself computes with other weights and says nothing.
    path, _ = exported("float16")
    content, size = path.read_bytes(), _model_size(path)
    places = [*np.random.default_rng(0).integers(8, size, 30), size - 1, size + 80]
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 1
        (folder / "copy.tflite").write_bytes(damaged)
        with pytest.raises(ValueError, match=r"copy\.tflite is not .*[Cc]opy"):
            TFLiteModel(folder / "copy.tflite")


def test_the_report_lies_beside_the_file(exported):
    path, report = exported("float16")
    stored = json.loads(path.with_suffix(".json").read_text())
    assert stored["passed"] is True
    assert [check["name"] for check in stored["checks"]] == [c.name for c in report.checks]
    page = path.with_suffix(".html").read_text()
    assert path.name in page
    for photo in report.photos:
        assert photo.name in page and f"{photo.file_psnr:.3f}" in page


def test_equal_exports_are_equal_files(denoiser, folder, exported):
    again = folder / "again.tflite"
    hinet_tf.export_tflite(denoiser, again, SIZES, "float16", details=DETAILS)
    assert again.read_bytes() == exported("float16")[0].read_bytes()


def test_an_export_that_loses_too_much_leaves_nothing(denoiser, tmp_path):
    path = tmp_path / "bad.tflite"
    with pytest.raises(ValueError, match=r"was not written.*restored PSNR lost") as error:
        hinet_tf.export_tflite(denoiser, path, [(64, 64)], "int8_dynamic", max_drop=-1)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []
    report = hinet_tf.export_tflite(
        denoiser, path, [(64, 64)], "int8_dynamic", max_drop=-1, force=True
    )
    assert report.failed and path.exists()
    assert json.loads(path.with_suffix(".json").read_text())["passed"] is False
    assert "checks fail" in path.with_suffix(".html").read_text()


def test_local_statistics_are_exported(denoiser, tmp_path):
    local = hinet_tf.to_local(denoiser, train_size=32)
    path = tmp_path / "local.tflite"
    report = hinet_tf.export_tflite(local, path, [(96, 96)], "float32")
    assert not report.failed
    image = _photo((96, 96))
    restored = TFLiteModel(path).restore(image)
    assert psnr(restored, local(image[None])["restored"][0].numpy()) > 80
    assert psnr(restored, denoiser(image[None])["restored"][0].numpy()) < 60


def test_a_gray_model_is_verified_on_gray_photos(tmp_path):
    keras.utils.set_random_seed(4)
    model = hinet_tf.HINet(width=4, depth=2, channels=1)
    path = tmp_path / "gray.tflite"
    report = hinet_tf.export_tflite(model, path, [(32, 32)], "int8_dynamic", max_drop=0.5)
    assert not report.failed and read_metadata(path)["image"]["colors"] == "gray"
    image = np.linspace(0, 1, 32 * 32, dtype=np.float32).reshape(32, 32, 1)
    expected = model(image[None])["restored"][0].numpy()
    assert psnr(TFLiteModel(path).restore(image), expected) > 30


class TestBadInput:
    @pytest.fixture(autouse=True)
    def nothing_is_left(self, tmp_path):
        self.path = tmp_path / "new.tflite"
        yield
        assert not self.path.exists()

    def _refused(self, model, match, error=ValueError, **arguments):
        with pytest.raises(error, match=match) as caught:
            hinet_tf.export_tflite(model, self.path, **arguments)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("size", [(101, 64), (0, 64), (-4, 64), (16, 1_000_000)])
    def test_size(self, denoiser, size):
        self._refused(denoiser, f"multiples of 2 .*Received: {size[0]}x", sizes=[size])

    def test_no_size(self, denoiser):
        self._refused(denoiser, "`sizes` is empty", sizes=[])

    def test_unknown_recipe(self, denoiser):
        self._refused(denoiser, "must be one of float32, float16.*'int4'", quantization="int4")

    def test_no_hinet(self):
        model = keras.Sequential([keras.layers.Input((64, 64, 3))])
        self._refused(model, r"Only a hinet_tf\.HINet.*Sequential")

    def test_channels_that_no_photo_has(self):
        model = hinet_tf.HINet(width=4, depth=2, channels=4)
        self._refused(model, "RGB or gray.*Received: a model of images with 4 channels")

    def test_untrained_model(self):
        model = hinet_tf.HINet(width=4, depth=2)
        model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
        self._refused(model, "untrained", sizes=[(32, 32)], quantization="int8")

    def test_calibration_without_images(self, denoiser, tmp_path):
        (tmp_path / "empty").mkdir()
        arguments = {"quantization": "int8", "calibration": str(tmp_path / "empty")}
        self._refused(denoiser, "no usable image", sizes=[(64, 64)], **arguments)

    def test_missing_photos(self, denoiser):
        self._refused(denoiser, "not there", FileNotFoundError, photos="/nowhere/at/all")

    def test_disk_too_small(self, denoiser, monkeypatch):
        monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1000))
        self._refused(denoiser, "needs 0 MB of disk", OSError)

    def test_disk_that_fills_up(self, denoiser, tmp_path, monkeypatch, file_size_limit):
        write = export._write

        def on_a_small_disk(*arguments):
            file_size_limit(10_000)
            write(*arguments)

        monkeypatch.setattr(export, "_write", on_a_small_disk)
        self._refused(denoiser, "File too large", OSError, sizes=[(32, 32)])
        assert list(tmp_path.iterdir()) == []

    def test_wrong_suffix(self, denoiser, tmp_path):
        with pytest.raises(ValueError, match=r"must end in \.tflite"):
            hinet_tf.export_tflite(denoiser, tmp_path / "model.bin")

    def test_unknown_output_and_type(self, denoiser):
        self._refused(denoiser, "`output` must be one of", output="stage3")
        self._refused(denoiser, "`image_type` must be one of", image_type="int8")


def test_an_existing_file_stays(denoiser, tmp_path):
    path = tmp_path / "mine.tflite"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError, match=r"mine\.tflite exists"):
        hinet_tf.export_tflite(denoiser, path)
    assert path.read_bytes() == b"precious"


def test_recipes_decide_by_what_they_are():
    """What runs in float, and what needs AI Edge Quantizer, follows from fields, not from names."""
    recipes = QUANTIZATION_RECIPES
    in_float = [name for name, recipe in recipes.items() if recipe.float_arithmetic]
    assert in_float == ["float32", "float16", "int8_weights"]
    by_quantizer = [name for name, recipe in recipes.items() if recipe.needs_quantizer]
    assert by_quantizer == ["int8_weights", "int8", "int16x8"]
    bits = {name: recipe.activation_bits for name, recipe in recipes.items()}
    assert (bits["int8"], bits["int16x8"], bits["int8_dynamic"]) == (8, 16, None)
