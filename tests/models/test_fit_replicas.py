"""A plain `model.fit` gives the same weights on one device and on two replicas."""

import subprocess
import sys

import numpy as np

SCRIPT = """
import sys
import numpy as np
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras
from hinet_tf import HINet
from hinet_tf.losses import PSNRLoss
from hinet_tf.optimizers import Adam

random = np.random.default_rng(0)
x, y = random.uniform(size=(2, 4, 16, 16, 3)).astype("float32")
for devices in (["CPU:0"], ["CPU:0", "CPU:1"]):
    keras.utils.set_random_seed(0)
    with tf.distribute.MirroredStrategy(devices).scope():
        model = HINet(width=4, depth=2)
        # An epsilon far above the clipped gradients: steps in proportion to them, as plain descent.
        model.compile(Adam(1.0, epsilon=1.0), loss=PSNRLoss())
    data = tf.data.Dataset.from_tensors((x, y)).repeat(5)
    history = model.fit(data, epochs=1, verbose=0).history
    out = f"{sys.argv[1]}/{len(devices)}.npz"
    np.savez(out, *model.get_weights(), loss=history["loss"], psnr=history["psnr"])
"""


def test_fit_on_two_replicas_equals_one_device(tmp_path):
    subprocess.run([sys.executable, "-c", SCRIPT, tmp_path], check=True)
    one, two = (np.load(tmp_path / f"{replicas}.npz") for replicas in "12")
    assert set(one.files) == set(two.files) and len(one.files) > 10
    for name in one.files:
        np.testing.assert_allclose(two[name], one[name], atol=1e-5 if "arr" not in name else 1e-6)
