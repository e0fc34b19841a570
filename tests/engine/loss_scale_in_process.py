"""Two replicas, of which only the second overflows; for the test of the loss scale."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json

import keras
import tensorflow as tf

from hinet_tf.optimizers import LossScaledAdam

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    variable = keras.Variable([1.0, 2.0])
    optimizer = LossScaledAdam(0.1, initial_scale=1024.0, growth_interval=2)
    optimizer.build([variable])


@tf.function
def step(gradient):
    strategy.run(lambda g: optimizer.apply_gradients([(g, variable)]), args=(gradient,))


def per_replica(first, second):
    values = [tf.constant(first), tf.constant(second)]
    return strategy.experimental_distribute_values_from_function(
        lambda context: values[context.replica_id_in_sync_group]
    )


states = []
for second in ([float("inf"), 1.0], [3.0, 4.0], [3.0, 4.0]):
    step(per_replica([3.0, 4.0], second))
    copies = [v.numpy().tolist() for v in variable.value.values]
    states.append({"copies": copies, "scale": float(optimizer.loss_scale.numpy())})
print(json.dumps(states))
