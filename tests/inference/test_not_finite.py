"""A model that gives NaN is refused by name, when it is opened or before a file is written."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from hinet_tf import HINet, Restorer, export_saved_model, export_tflite
from hinet_tf.commands.restore import main


@pytest.fixture
def model():
    return HINet(width=2, depth=2)


@pytest.fixture
def with_nan(model):
    kernel = model.get_layer("stage2_output").kernel
    values = kernel.numpy()
    values[0, 0, 0, 0] = np.nan
    kernel.assign(values)
    return model


@pytest.fixture
def overflowing(model):
    """Finite weights; beyond float32 for every image that is not flat."""
    model.set_weights([1e30 * np.sign(weight) for weight in model.get_weights()])
    return model


def test_weights_that_are_no_numbers_are_refused_at_opening(with_nan):
    with pytest.raises(ValueError, match=r"the model cannot .* 1 of \d+ weights of .*stage2_outp"):
        Restorer(with_nan)


def test_weights_that_overflow_are_refused_at_opening(overflowing):
    with pytest.raises(ValueError, match=r"my\.keras gives NaN or infinity for an image of 2x2"):
        Restorer(overflowing, name="my.keras")


@pytest.mark.parametrize("fixture", ["with_nan", "overflowing"])
def test_exports_refuse_them(fixture, tmp_path, request):
    broken = request.getfixturevalue(fixture)
    with pytest.raises(ValueError, match=r"NaN|finite"):
        export_saved_model(broken, tmp_path / "served")
    with pytest.raises(ValueError, match=r"NaN|finite"):
        export_tflite(broken, tmp_path / "a.tflite", sizes=[(32, 32)])
    assert not list(tmp_path.rglob("*.pb")) and not list(tmp_path.glob("*.tflite"))


def test_command_writes_nothing(with_nan, tmp_path, capsys):
    with_nan.save(tmp_path / "nan.keras")
    Image.new("RGB", (40, 30), "gray").save(tmp_path / "photo.png")
    arguments = [str(tmp_path / "photo.png"), "--model", str(tmp_path / "nan.keras")]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err.strip()
    assert f"{tmp_path / 'nan.keras'} cannot restore" in error.replace("\n", "")
    assert not (tmp_path / "out" / "photo.png").exists()


def test_result_is_checked_before_it_is_written(model, tmp_path):
    restorer = Restorer(model, name="my.keras")
    # What no probe foresees: weights that overflow for this image only.
    restorer.engine = _OverflowsWhereBright(restorer.engine)
    photo, target = tmp_path / "bright.png", tmp_path / "out.png"
    Image.new("RGB", (40, 30), "black").save(tmp_path / "dark.png")
    restorer.restore_file(tmp_path / "dark.png", target)
    target.unlink()
    Image.new("RGB", (40, 30), "white").save(photo)
    with pytest.raises(ValueError, match=rf"^{photo}: my\.keras gives NaN or infinity .* 30x40"):
        restorer.restore_file(photo, target)
    assert not target.exists()


def test_served_model_answers_with_an_error(model, tmp_path):
    path = export_saved_model(model, tmp_path).path
    served = tf.saved_model.load(str(path))
    restore = served.signatures["restore_uint8"]
    assert restore(image=tf.zeros((1, 16, 16, 3), tf.uint8))["restored"].shape == (1, 16, 16, 3)
    variable = max(served.stored, key=lambda stored: stored.shape.num_elements())
    variable.assign(tf.fill(variable.shape, np.float32("nan")))
    with pytest.raises(tf.errors.InvalidArgumentError, match="the model gives NaN or infinity"):
        restore(image=tf.zeros((1, 16, 16, 3), tf.uint8))


class _OverflowsWhereBright:
    def __init__(self, engine):
        self._engine = engine
        self.channels, self.size_multiple = engine.channels, engine.size_multiple
        self.sizes, self.bytes_per_pixel = engine.sizes, engine.bytes_per_pixel

    def __call__(self, batch):
        return self._engine(batch) / np.where(batch > 0.9, np.float32(0), np.float32(1))
