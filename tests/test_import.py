import subprocess
import sys

import pytest

import hinet_tf


def run(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)


def test_importing_the_package_loads_neither_keras_nor_tensorflow():
    report = run("-X", "importtime", "-c", "import hinet_tf").stderr
    imported = {line.rsplit("|", 1)[1].strip().split(".")[0] for line in report.splitlines()}
    assert "hinet_tf" in imported
    assert not imported & {"tensorflow", "keras", "jax", "torch", "numpy"}


@pytest.mark.parametrize(
    "imports",
    [
        "import hinet_tf, keras",
        "import keras, hinet_tf",
        "from hinet_tf import HINet; import keras",
    ],
)
def test_importing_the_package_is_enough_to_load_a_model(tmp_path, imports):
    model = hinet_tf.HINet(width=4, depth=2)
    model.compile(hinet_tf.optimizers.Adam(), loss=hinet_tf.losses.PSNRLoss())
    model.save(tmp_path / "model.keras")
    script = f"{imports}; m = keras.models.load_model({str(tmp_path / 'model.keras')!r})"
    output = run("-c", f"{script}; print(type(m), type(m.loss), type(m.optimizer))").stdout
    for name in ("models.hinet.HINet", "losses.psnr_loss.PSNRLoss", "optimizers.adam.Adam"):
        assert f"hinet_tf.{name}" in output


def test_every_public_name_resolves():
    for name in hinet_tf.__all__:
        assert getattr(hinet_tf, name) is not None
    assert set(hinet_tf.__all__) <= set(dir(hinet_tf))


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(hinet_tf, "HiNet")


def test_presets_are_listed_without_keras():
    script = "import sys, hinet_tf; print(len(hinet_tf.presets()), 'keras' in sys.modules)"
    count, keras = run("-c", script).stdout.split()
    assert int(count) >= 5 and keras == "False"
