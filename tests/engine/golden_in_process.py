"""The four official training steps on two replicas; for `test_official_training.py`.

python golden_in_process.py FILE.npz LOSS OUT.npz
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from hinet_tf.engine.distribution import choose_strategy
from hinet_tf.engine.trainable_hinet import TrainableHINet
from hinet_tf.losses import PSNRLoss
from hinet_tf.models.official_layout import official_tensors
from hinet_tf.models.torch_checkpoint import assign_official_tensors
from hinet_tf.optimizers import Adam, CosineDecay

golden, loss_name, out = sys.argv[1:]
reference = np.load(golden)
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = choose_strategy()
images, targets = (
    reference[key].transpose(0, 1, 3, 4, 2) for key in ("inputs_nchw", "targets_nchw")
)
with strategy.scope():
    network = TrainableHINet(width=2)
    assign_official_tensors(
        network, {key[5:]: reference[key] for key in reference if key.startswith("init/")}
    )
    beta_1, beta_2 = map(float, reference["betas"])
    schedule = CosineDecay(2e-4, int(reference["total_steps"]), float(reference["eta_min"]))
    optimizer = Adam(schedule, beta_1, beta_2, global_clipnorm=float(reference["clip"]))
    if loss_name == "psnr":
        network.compile(optimizer, PSNRLoss(), loss_weights=0.5)
    else:
        network.compile(optimizer, keras.losses.MeanAbsoluteError())


class History(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.losses, self.norms = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(float(logs["loss"]))
        self.norms.append(float(logs["gradient_norm"]))


history = History()
steps = tf.data.Dataset.from_tensor_slices((images, targets))
network.fit(steps, callbacks=[history], verbose=0, shuffle=False)
tensors = {f"final/{t.name}": t.official_value for t in official_tensors(network)}
np.savez(
    out,
    replicas=strategy.num_replicas_in_sync,
    losses=history.losses,
    norms=history.norms,
    **tensors,
)
