"""What `auto` chooses, and the network in OpenVINO's own operations."""

import subprocess
import sys

import numpy as np
import pytest

from hinet_tf import HINet, Restorer, processor
from hinet_tf.inference.engines import selection
from hinet_tf.models.official_network import OfficialNetwork, UnfitTensorsError


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize(
    "config",
    [{"width": 4}, {"width": 3, "depth": 3, "hin_levels": (1,), "channels": 1}],
    ids=["all levels", "shallow gray"],
)
def test_openvino_builds_the_keras_network(config, fast):
    pytest.importorskip("openvino")
    model = HINet(**config, negative_slope=0.1)
    image = np.random.default_rng(0).random((45, 70, model.channels), np.float32)
    expected = Restorer(model, fast=fast).restore(image)
    restored = Restorer(model, engine="openvino", fast=fast).restore(image)
    np.testing.assert_allclose(restored, expected, rtol=0, atol=2e-6)


def test_a_preset_needs_no_tensorflow():
    pytest.importorskip("openvino")
    script = (
        "import sys, numpy as np; from hinet_tf import Restorer;"
        "r = Restorer('denoise_0.125x', engine='openvino'); r.restore(np.zeros((20, 30), 'u1'));"
        "print({'keras', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def test_tensors_of_another_network_are_named():
    pytest.importorskip("openvino")
    from hinet_tf.inference.engines.openvino_network import openvino_network

    good = OfficialNetwork.of_preset("denoise_0.125x")

    def refused(reason, config=None, **changes):
        with pytest.raises(UnfitTensorsError, match=reason):
            openvino_network({**good.config, **(config or {})}, {**good.tensors, **changes})

    refused("missing down_path_1.4.downsample", {"depth": 6})
    refused(r"conv_01.weight of shape \(8, 3, 3, 3\), expected \(16, 3, 3, 3\)", {"width": 16})
    refused("unexpected zz", zz=np.zeros(1))
    refused("last.bias holds NaN", **{"last.bias": np.full(3, np.nan)})
    refused("unknown argument colour", {"colour": 1})
    refused("norm='local'", {"norm": "local"})


@pytest.mark.parametrize("amx", [False, True])
@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.parametrize("installed", [False, True])
def test_rules(monkeypatch, tiny, amx, gpu, installed):
    monkeypatch.setattr(selection.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(selection.importlib.util, "find_spec", lambda name: installed or None)
    monkeypatch.setattr(processor, "has_gpu", lambda: gpu)
    monkeypatch.setattr(processor, "has_fast_bfloat16", lambda: amx)
    fastest = "bfloat16" if amx or gpu else "float32"
    monkeypatch.setattr(processor, "fastest_precision", lambda: fastest)
    for model, fast in ((tiny, "tensorflow"), ("denoise_0.25x", "openvino")):
        engine = selection.chosen_engine(model, "auto")
        assert engine == (fast if installed and not gpu else "tensorflow")
        assert selection.chosen_precision(model, engine, "auto") == fastest
        assert selection.chosen_precision(model, engine, "float32") == "float32"
    assert selection.chosen_engine("model.tflite", "auto") == "litert"
    assert selection.chosen_precision("model.tflite", "litert", "auto") == "float32"
    assert selection.chosen_engine(tiny, "litert") == "litert"


def test_what_openvino_cannot_tensorflow_does(monkeypatch):
    pytest.importorskip("openvino")
    # As of a machine where OpenVINO does not compute in what it should.
    monkeypatch.setattr(processor, "has_fast_bfloat16", lambda: True)
    core = "hinet_tf.inference.engines.openvino_engine.OpenVINOEngine"

    def fails(*arguments, **options):
        raise ValueError("This processor does not compute in bfloat16.")

    monkeypatch.setattr(core, fails)
    image = np.random.default_rng(0).random((20, 30, 3), np.float32)
    chosen = Restorer("denoise_0.125x")
    assert (chosen.engine_name, chosen.precision) == ("tensorflow", "bfloat16")
    exact = Restorer("denoise_0.125x", engine="tensorflow", precision="float32")
    difference = np.abs(chosen.restore(image) - exact.restore(image))
    assert 0 < difference.max() < 0.05
    with pytest.raises(ValueError, match="does not compute in bfloat16"):
        Restorer("denoise_0.125x", engine="openvino")


def test_results_of_auto_are_within_a_hundredth_of_a_decibel(monkeypatch):
    from hinet_tf.data import builtin_photos
    from hinet_tf.metrics.psnr import psnr

    (clean,) = builtin_photos("val").images(0)[1:]
    clean = clean[:160, :240].astype(np.float32) / 255
    noisy = np.clip(clean + np.random.default_rng(0).normal(scale=25 / 255, size=clean.shape), 0, 1)
    noisy = noisy.astype(np.float32)
    monkeypatch.setattr(processor, "has_fast_bfloat16", lambda: True)
    scores = {
        precision: float(
            psnr(
                clean,
                Restorer(HINet.from_preset("denoise_0.125x"), precision=precision).restore(noisy),
            )
        )
        for precision in ("auto", "float32")
    }
    assert 0 < abs(scores["auto"] - scores["float32"]) < 0.01
