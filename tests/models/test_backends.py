"""The same network file runs on JAX, without TensorFlow in the process."""

import os
import subprocess
import sys

import numpy as np

from hinet_tf import load_torch_checkpoint

SCRIPT = """
import sys
import numpy as np
import hinet_tf
from hinet_tf.losses import PSNRLoss
from hinet_tf.models.official_layout import official_tensors
from hinet_tf.models.torch_checkpoint import assign_official_tensors
from hinet_tf.optimizers import Adam, CosineDecay

import keras
if keras.backend.backend() != "jax":
    raise SystemExit("not on JAX")
checkpoint, training, x, out = sys.argv[1:]
# Compiled as a whole: operation by operation takes longer.
restored = hinet_tf.load_torch_checkpoint(checkpoint).predict_on_batch(np.load(x))["restored"]

reference = np.load(training)
model = hinet_tf.HINet(width=2)
assign_official_tensors(model, {k[5:]: reference[k] for k in reference if k[:5] == "init/"})
model.compile(Adam(CosineDecay(2e-4, 8, 1e-7)), loss=PSNRLoss(), loss_weights=0.5)
losses = []
for inputs, targets in zip(reference["inputs_nchw"], reference["targets_nchw"]):
    x, y = inputs.transpose(0, 2, 3, 1), targets.transpose(0, 2, 3, 1)
    losses.append(model.train_on_batch(x, y, return_dict=True)["loss"])
    model.reset_metrics()
differences = np.concatenate([
    np.abs(t.official_value - reference["final/" + t.name]).ravel()
    for t in official_tensors(model)
])
np.savez(out, restored=restored, losses=losses, equal=(differences < 1e-6).mean())
if "tensorflow" in sys.modules:
    raise SystemExit("TensorFlow was imported")
"""


def test_jax_agrees_with_tensorflow_and_trains_the_official_steps(tmp_path, golden, golden_path):
    checkpoint = golden_path("official_hinet_wf4_hin0-4.pth")
    x = np.random.default_rng(0).uniform(size=(1, 48, 32, 3)).astype("float32")
    np.save(tmp_path / "x.npy", x)
    training = golden_path("official_training_psnr_wf2.npz")
    subprocess.run(
        [sys.executable, "-c", SCRIPT, checkpoint, training, tmp_path / "x.npy", tmp_path / "out"],
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        check=True,
    )
    result = np.load(tmp_path / "out.npz")
    expected = load_torch_checkpoint(checkpoint)(x)["restored"]
    np.testing.assert_allclose(result["restored"], expected, atol=1e-4)
    np.testing.assert_allclose(result["losses"], np.load(training)["losses"], atol=1e-4)
    assert result["equal"] > 0.999
