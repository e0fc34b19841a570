"""The optimizer equals `torch.optim.Adam` behind `clip_grad_norm_`."""

import keras
import numpy as np
import pytest
import torch
from keras import ops

from hinet_tf.optimizers import Adam


@pytest.mark.parametrize("clip", [0.01, 5.0, None])
@pytest.mark.parametrize("scale", [1e-6, 1e-2, 100.0])
def test_equals_pytorch(clip, scale):
    random = np.random.default_rng(0)
    shapes = [(3, 4), (7,), (2, 2, 5)]
    start = [random.normal(size=shape).astype("float32") for shape in shapes]
    ours = [keras.Variable(value) for value in start]
    theirs = [torch.nn.Parameter(torch.from_numpy(value.copy())) for value in start]
    optimizer = Adam(1e-3, beta_1=0.9, beta_2=0.99, global_clipnorm=clip)
    oracle = torch.optim.Adam(theirs, lr=1e-3, betas=(0.9, 0.99), eps=1e-8)

    for _ in range(12):
        gradients = [(random.normal(size=shape) * scale).astype("float32") for shape in shapes]
        for parameter, gradient in zip(theirs, gradients, strict=True):
            parameter.grad = torch.from_numpy(gradient.copy())
        norm = torch.nn.utils.clip_grad_norm_(theirs, clip if clip else float("inf"))
        oracle.step()
        optimizer.apply(list(map(ops.convert_to_tensor, gradients)), ours)
        assert float(optimizer.gradient_norm) == pytest.approx(float(norm), rel=1e-5)

    moved = 0
    for variable, parameter, value in zip(ours, theirs, start, strict=True):
        actual, expected = ops.convert_to_numpy(variable.value), parameter.detach().numpy()
        np.testing.assert_allclose(actual, expected, atol=2e-7)
        moved = max(moved, np.abs(expected - value).max())
    assert moved > 1e-4


def test_epsilon_is_added_after_the_bias_correction():
    # At a gradient of epsilon's size the first step is half the rate; with Keras' epsilon,
    # added before the correction, it would be a tenth of that.
    variable = keras.Variable([0.0])
    Adam(1.0, global_clipnorm=None).apply([ops.convert_to_tensor([1e-8])], [variable])
    assert float(variable.value[0]) == pytest.approx(-0.5, rel=1e-3)


def test_config_round_trips():
    optimizer = Adam(1e-3, beta_2=0.999, global_clipnorm=0.5, use_ema=True, name="mine")
    twin = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert type(twin) is Adam
    assert twin.get_config() == optimizer.get_config()


@pytest.mark.parametrize(
    "argument", [{"clipnorm": 1.0}, {"gradient_accumulation_steps": 2}, {"amsgrad": True}]
)
def test_refuses_what_would_act_per_replica(argument):
    with pytest.raises(ValueError, match=f"does not support `{next(iter(argument))}`"):
        Adam(1e-3, **argument)
