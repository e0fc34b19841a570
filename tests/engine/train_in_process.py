"""Trains small networks in a process of its own and saves what came out; for the tests here.

python train_in_process.py REPLICAS '[{"out": "FILE.npz", ...}, ...]', with TF_CONFIG for workers.
"""

import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from hinet_tf.data import open_sources
from hinet_tf.engine import distribution, keras_remedies, recipe_parts
from hinet_tf.optimizers import Adam
from hinet_tf.tasks import Recipe


class ClippedDescent(Adam):
    """Plain gradient descent at rate one, behind the very clip of `Adam`."""

    def update_step(self, gradient, variable, learning_rate):
        self.assign_sub(variable, gradient)


class History(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.logs = []

    def on_train_batch_end(self, batch, logs=None):
        self.logs.append({key: float(value) for key, value in logs.items()})


def train(strategy, optimizer="adam", steps=12, parts=1, out=None, **changes):
    recipe = Recipe(
        task="denoise",
        **{
            "degradation": "gaussian_noise",
            "scale": 0.0625,
            "depth": 2,
            "patch": 16,
            "batch": 8,
            "steps": 100,
            "learning_rate": 2e-4,
            **changes,
        },
    )
    distribution.check_batch(recipe.batch, recipe.accumulate, strategy)
    with strategy.scope():
        network = recipe_parts.build_network(recipe, concurrent_parts=parts)
        if optimizer == "descent":
            descent = ClippedDescent()
            descent.build(network.trainable_variables)
            network.compile(descent, loss=network.loss)
    sources = open_sources("builtin", "train")
    data = distribution.distribute(
        strategy,
        recipe.batch,
        lambda shards, shard: recipe_parts.training_data(recipe, sources, 0, shards, shard),
    )
    history = History()
    network.fit(data, steps_per_epoch=steps, callbacks=[history], verbose=0, shuffle=False)
    weights = [keras.ops.convert_to_numpy(v.value) for v in network.trainable_variables]
    names = [v.path for v in network.trainable_variables]
    logs = {key: [log[key] for log in history.logs] for key in history.logs[0]}
    if out:
        np.savez(
            out,
            **dict(zip(names, weights, strict=True)),
            **{f"log/{k}": v for k, v in logs.items()},
        )


if __name__ == "__main__":
    replicas, trainings = map(json.loads, sys.argv[1:3])
    if "--without-remedies" in sys.argv:
        keras_remedies.apply = lambda: None
    if replicas > 1:
        (cpu,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * replicas
        )
    strategy = distribution.choose_strategy()
    for training in trainings:
        train(strategy, **training)
