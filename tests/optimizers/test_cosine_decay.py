import keras
import numpy as np
import pytest
import torch

from hinet_tf.optimizers import CosineDecay


def test_equals_the_schedule_of_pytorch():
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.Adam([parameter], lr=2e-4)
    oracle = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=300, eta_min=1e-7)
    schedule = CosineDecay(2e-4, 300, 1e-7)
    for step in range(301):
        expected = optimizer.param_groups[0]["lr"]
        assert float(schedule(step)) == pytest.approx(expected, rel=1e-6, abs=1e-11)
        optimizer.step()
        oracle.step()


def test_ends_are_exact_and_the_final_rate_is_absolute_and_stays():
    schedule = CosineDecay(2e-4, 400_000, 1e-7)
    assert np.float32(schedule(0)) == np.float32(2e-4)
    for step in (400_000, 400_001, 10_000_000):
        assert np.float32(schedule(step)) == np.float32(1e-7)


def test_warm_up_rises_linearly_and_joins_the_cosine():
    # Official: iteration t (from 1) uses lr * t / warmup while t < warmup.
    schedule, plain = CosineDecay(2e-4, 1000, 1e-7, 100), CosineDecay(2e-4, 1000, 1e-7)
    for iteration in (1, 2, 50, 99):
        expected = 2e-4 * iteration / 100
        assert float(schedule(iteration - 1)) == pytest.approx(expected, rel=1e-6)
    for iteration in (100, 101, 999):
        assert float(schedule(iteration - 1)) == float(plain(iteration - 1))


def test_config_round_trips():
    schedule = CosineDecay(1e-3, 10, 1e-6, 2)
    twin = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    assert twin.get_config() == schedule.get_config()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((1e-4, 10, 1e-3), "final_learning_rate <= initial_learning_rate"),
        ((1e-4, 10, -1.0), "0 <= final_learning_rate"),
        ((1e-4, 0, 1e-7), "total_steps=0"),
        ((1e-4, 10, 1e-7, 11), "warmup_steps=11"),
    ],
)
def test_refuses_rates_and_steps_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        CosineDecay(*arguments)
