"""to_local against the official TLC network."""

from pathlib import Path

import keras
import numpy as np
import pytest

from hinet_tf.models import HINet, load_torch_checkpoint
from hinet_tf.models.local import to_local

GOLDEN = Path(__file__).parents[1] / "golden"
NAME = "official_hinet_local_wf4_hin0-4"
SHOWN = np.s_[:, ::7, ::9]  # The golden file keeps these pixels of the outputs.


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(GOLDEN / f"{NAME}_io.npz") as archive:
        return {key: archive[key].transpose(0, 2, 3, 1) for key in archive}


@pytest.fixture(scope="module")
def model() -> HINet:
    return load_torch_checkpoint(GOLDEN / f"{NAME}.pth")


def test_both_outputs_equal_the_official_local_network(model, golden):
    outputs = to_local(model)(golden["input_nchw"])
    for key, name in (("stage1", "out1_nchw"), ("restored", "out2_nchw")):
        np.testing.assert_allclose(outputs[key][SHOWN], golden[name], rtol=0, atol=2e-5)


def test_global_network_differs_there(model, golden):
    restored = model(golden["input_nchw"])["restored"][SHOWN]
    np.testing.assert_allclose(restored, golden["global_out2_nchw"], rtol=0, atol=2e-5)
    assert np.abs(restored - golden["out2_nchw"]).max() > 0.01


@pytest.mark.parametrize("fixed", [True, False])
def test_equals_the_plain_network_up_to_the_window(model, golden, fixed):
    image = golden["input_nchw"][:, :256, :384]
    local = to_local(model)
    restored = local(image) if fixed else local.predict(image, verbose=0)
    np.testing.assert_allclose(restored["restored"], model(image)["restored"], rtol=0, atol=1e-6)


def test_windows_follow_train_size_and_ratio():
    local = to_local(HINet(width=2, hin_levels=(0, 3, 4)), train_size=128, ratio=2.0)
    windows = [local.get_layer(f"stage2_encoder{level}").window for level in range(5)]
    assert windows == [256, None, None, 32, 16]


def test_survives_saving(tmp_path):
    local = to_local(HINet(width=2), train_size=32)
    local.save(tmp_path / "local.keras")
    again = keras.saving.load_model(tmp_path / "local.keras")
    image = np.random.default_rng(0).random((1, 64, 96, 3), np.float32)
    assert again.get_config() == local.get_config()
    np.testing.assert_array_equal(again(image)["restored"], local(image)["restored"])


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="Functional"):
        to_local(_other_model())
    with pytest.raises(ValueError, match="local_train_size=8"):
        to_local(HINet(width=2), train_size=8, ratio=0.1)


def _other_model() -> keras.Model:
    image = keras.Input((16, 16, 3))
    return keras.Model(image, image)
