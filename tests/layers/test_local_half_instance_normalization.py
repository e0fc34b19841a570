"""Local statistics against a float64 reference of the official algorithm."""

import keras
import numpy as np
import pytest
from keras import ops

from hinet_tf.layers import HalfInstanceNormalization, LocalHalfInstanceNormalization


def reference_statistics(x: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance per pixel, as `AvgPool2d` of TLC's local_arch.py, in float64."""
    height, width = x.shape[1:3]
    rows, columns = min(height, window), min(width, window)

    def box(values):
        sums = np.pad(values.cumsum(1).cumsum(2), ((0, 0), (1, 0), (1, 0), (0, 0)))
        sums = (
            sums[:, rows:, columns:]
            + sums[:, :-rows, :-columns]
            - sums[:, :-rows, columns:]
            - sums[:, rows:, :-columns]
        ) / (rows * columns)
        below, right = height - sums.shape[1], width - sums.shape[2]
        edges = (below // 2, (below + 1) // 2), (right // 2, (right + 1) // 2)
        return np.pad(sums, ((0, 0), *edges, (0, 0)), mode="edge")

    center = x.mean(dtype=np.float64)
    centered = x.astype(np.float64) - center
    mean = box(centered)
    return mean + center, box(centered**2) - mean**2


def local_statistics(x: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """The layer's own statistics, read off two scales and shifts of its output."""
    layer = LocalHalfInstanceNormalization(window=window)
    layer.build((None, None, None, 2 * x.shape[-1]))
    center, mean, variance = layer._window_statistics(ops.convert_to_tensor(x))
    every = [layer._to_every_pixel(v, x.shape) for v in (mean + center, variance)]
    return tuple(ops.convert_to_numpy(v) for v in every)


@pytest.mark.parametrize(
    ("height", "width", "window"),
    [(40, 53, 7), (40, 53, 48), (53, 40, 41), (33, 33, 32), (97, 31, 1), (64, 128, 24), (5, 90, 6)],
)
def test_equals_the_official_algorithm(height, width, window):
    rng = np.random.default_rng(height * width)
    x = (rng.normal(size=(2, height, width, 6)) * 2 + 5).astype(np.float32)
    layer = LocalHalfInstanceNormalization(window=window)
    layer.build(x.shape)
    gamma, beta = rng.normal(size=(2, 3)).astype(np.float32)
    layer.set_weights([gamma, beta])

    mean, variance = reference_statistics(x[..., :3], window)
    expected = (x[..., :3] - mean) / np.sqrt(variance + layer.epsilon) * gamma + beta
    output = ops.convert_to_numpy(layer(x))
    # A window of one pixel divides rounding by sqrt(epsilon).
    tolerance = 3e-3 if window == 1 else 5e-6
    np.testing.assert_allclose(output[..., :3], expected, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(output[..., 3:], x[..., 3:])


def test_statistics_stay_accurate_on_a_large_map_far_from_zero():
    x = np.random.default_rng(0).normal(30, 1, size=(1, 3000, 3000, 1)).astype(np.float32)
    expected_mean, expected_variance = reference_statistics(x, 384)
    mean, variance = local_statistics(x, 384)
    np.testing.assert_allclose(mean, expected_mean, rtol=1e-5)
    np.testing.assert_allclose(variance, expected_variance, rtol=1e-5)


def test_large_map_of_uneven_brightness():
    rng = np.random.default_rng(1)
    ramp = np.linspace(-10, 10, 1500)[:, np.newaxis, np.newaxis]
    x = (ramp + rng.normal(size=(1, 1500, 700, 1))).astype(np.float32)
    _, expected = reference_statistics(x, 24)
    _, variance = local_statistics(x, 24)
    np.testing.assert_allclose(variance, expected, rtol=1e-4)


@pytest.mark.parametrize("shape", [(1, 16, 24, 4), (2, 24, 24, 4)])
def test_falls_back_to_global_statistics_inside_the_window(shape):
    x = np.random.default_rng(2).normal(3, 1, size=shape).astype(np.float32)
    local, plain = LocalHalfInstanceNormalization(window=24), HalfInstanceNormalization()
    np.testing.assert_array_equal(local(x), plain(x))


def test_unknown_sizes_give_the_same_result():
    inputs = keras.Input((None, None, 4))
    layer = LocalHalfInstanceNormalization(window=24)
    model = keras.Model(inputs, layer(inputs))
    rng = np.random.default_rng(3)
    for height, width in [(20, 24), (20, 50), (64, 100)]:
        x = rng.normal(2, 1, size=(1, height, width, 4)).astype(np.float32)
        np.testing.assert_allclose(model.predict(x, verbose=0), layer(x), rtol=0, atol=3e-6)


def test_low_precision_keeps_float32_statistics():
    x = np.random.default_rng(4).normal(500, 400, size=(1, 48, 48, 4)).astype(np.float16)
    output = LocalHalfInstanceNormalization(window=12, dtype="mixed_float16")(x)
    mean, variance = reference_statistics(x[..., :2].astype(np.float32), 12)
    expected = (x[..., :2] - mean) / np.sqrt(variance)
    assert keras.backend.standardize_dtype(output.dtype) == "float16"
    np.testing.assert_allclose(output[..., :2], expected, atol=4e-3)


def test_constant_image_gives_finite_output():
    output = LocalHalfInstanceNormalization(window=4)(np.full((1, 33, 33, 2), 0.3, np.float32))
    np.testing.assert_allclose(ops.convert_to_numpy(output)[..., 0], 0, atol=1e-3)


def test_config_round_trip_and_bad_windows():
    layer = LocalHalfInstanceNormalization(window=24, epsilon=1e-4)
    again = LocalHalfInstanceNormalization.from_config(layer.get_config())
    assert (again.window, again.epsilon) == (24, 1e-4)
    for window in (0, -3, 2.5):
        with pytest.raises(ValueError, match="window"):
            LocalHalfInstanceNormalization(window=window)
