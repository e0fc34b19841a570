"""A model's path used again opens the new model, whatever a library remembers by name."""

import os

import numpy as np
import pytest

from hinet_tf import HINet, Restorer, export_saved_model, export_tflite

IMAGE = np.random.default_rng(0).random((32, 32, 3), np.float32)


def write_keras(model, folder):
    model.save(folder / "model.keras")
    return folder / "model.keras"


def write_tflite(model, folder):
    options = {"sizes": [(32, 32)], "quantization": "float32", "overwrite": True}
    export_tflite(model, folder / "model.tflite", **options)
    return folder / "model.tflite"


def write_saved_model(model, folder):
    return export_saved_model(model, folder, version=1).path


@pytest.mark.parametrize(
    "write",
    [write_keras, write_tflite, pytest.param(write_saved_model, marks=pytest.mark.slow)],
)
def test_same_name_same_dates_another_model(write, tmp_path):
    answers = []
    for name, strength in (("first", 1.0), ("second", 0.5)):
        model = HINet(width=2, depth=2, hin_levels=(0,))
        shape = np.random.default_rng(1)
        model.set_weights([strength * shape.normal(size=w.shape) / 9 for w in model.get_weights()])
        (tmp_path / name).mkdir()
        path = write(model, tmp_path / name)
        target = tmp_path / path.name
        if target.exists():
            target.rename(tmp_path / "old")
        path.rename(target)
        for file in (target, *target.rglob("*")):
            os.utime(file, ns=(0, 0))
        restored = Restorer(target).restore(IMAGE)
        np.testing.assert_allclose(restored, Restorer(model).restore(IMAGE), atol=1e-4)
        answers.append(restored)
    assert np.abs(answers[0] - answers[1]).max() > 0.01
