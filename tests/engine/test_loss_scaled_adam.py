"""An overflow on any replica is seen by all of them."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from hinet_tf.optimizers import Adam, LossScaledAdam

SCRIPT = Path(__file__).with_name("loss_scale_in_process.py")


def test_overflow_on_the_second_replica_skips_the_step_on_both():
    result = subprocess.run(
        [sys.executable, str(SCRIPT)], check=True, stdout=subprocess.PIPE, text=True
    )
    overflown, second, third = json.loads(result.stdout.splitlines()[-1])
    assert overflown == {"copies": [[1.0, 2.0], [1.0, 2.0]], "scale": 512.0}
    # Two steps without overflow let the scale grow again.
    assert (second["scale"], third["scale"]) == (512.0, 1024.0)
    # As if the overflown step had not been, bias correction included.
    variable = keras.Variable([1.0, 2.0])
    plain = Adam(0.1)
    plain.build([variable])
    for state, scale in ((second, 512.0), (third, 512.0)):
        gradient = (np.array([3.0, 4.0]) * 2 / scale).astype("float32")
        plain.apply_gradients([(gradient, variable)])
        assert state["copies"][0] == state["copies"][1]
        np.testing.assert_allclose(state["copies"][0], variable.numpy(), rtol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 2.0**15])
def test_scale_changes_no_finite_step(scale):
    variables = [keras.Variable([1.0, -2.0]) for _ in range(2)]
    optimizers = [Adam(0.1), LossScaledAdam(0.1, initial_scale=scale)]
    for optimizer, variable in zip(optimizers, variables, strict=True):
        optimizer.build([variable])
        for _ in range(3):
            loss = optimizer.scale_loss(np.float32(1.0))
            gradient = np.array([0.3, 0.4], "float32") * np.asarray(loss)
            optimizer.apply_gradients([(gradient, variable)])
    np.testing.assert_allclose(variables[0].numpy(), variables[1].numpy(), rtol=1e-6)


def test_config_round_trip():
    optimizer = LossScaledAdam(1e-3, initial_scale=8.0, growth_interval=3)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert copy.get_config() == optimizer.get_config()
