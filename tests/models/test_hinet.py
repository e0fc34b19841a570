import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from hinet_tf import HINet
from hinet_tf.losses import PSNRLoss
from hinet_tf.metrics import PSNR
from hinet_tf.optimizers import Adam


def images(*shape, seed=0, scale=1.0):
    return (np.random.default_rng(seed).uniform(size=shape) * scale).astype("float32")


@pytest.mark.parametrize(
    "width, hin_levels, parameters",
    [(64, None, 88_669_702), (32, None, 22_176_518), (64, (3, 4), 88_668_806)],
)
def test_parameters_are_those_of_the_paper(width, hin_levels, parameters):
    model = HINet(width=width, hin_levels=hin_levels)
    assert model.count_params() == parameters
    assert sum(int(np.prod(v.shape)) for v in model.trainable_variables) == parameters


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("depth", [2, 4])
def test_restores_images_of_any_channel_count_and_depth(channels, depth):
    model = HINet(width=4, depth=depth, channels=channels)
    x = images(2, 24, 40, channels)
    y = model(x)
    assert set(y) == {"stage1", "restored"}
    for output in y.values():
        assert output.shape == x.shape
        assert output.dtype == tf.float32
    # Residual learning: with the last layers at zero both stages return the image itself.
    for layer in (model.get_layer("attention").image_conv, model.get_layer("stage2_output")):
        layer.set_weights([np.zeros_like(w) for w in layer.get_weights()])
    for output in model(x).values():
        np.testing.assert_array_equal(output, x)


def test_stages_are_not_clipped():
    y = HINet(width=4)(images(1, 32, 32, 3, scale=50))["restored"]
    assert float(ops.max(y)) > 1


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_is_finite_on_large_values_and_close_to_float32(policy):
    model = HINet(width=8, dtype=policy)
    reference = HINet(width=8)
    reference.set_weights(model.get_weights())
    x = images(2, 64, 64, 3)
    for output in model(1000 * x).values():
        assert output.dtype == tf.float32
        assert np.isfinite(output).all()
    np.testing.assert_allclose(model(x)["restored"], reference(x)["restored"], atol=0.03)
    # The residual is summed in float32: the image itself is never rounded to 8 or 11 bits.
    layer = model.get_layer("stage2_output")
    layer.set_weights([np.zeros_like(w) for w in layer.get_weights()])
    np.testing.assert_array_equal(model(x)["restored"], x)


def test_every_variable_receives_a_gradient():
    model = HINet(width=4)
    x, y = images(2, 32, 32, 3), images(2, 32, 32, 3, seed=1)
    loss = PSNRLoss()
    with tf.GradientTape() as tape:
        outputs = model(x, training=True)
        total = loss(y, outputs["stage1"]) + loss(y, outputs["restored"])
    gradients = tape.gradient(total, model.trainable_variables)
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert gradient is not None, f"no gradient for {variable.path}"
        # Instance normalization removes what the bias right before it adds.
        if not variable.path.endswith("conv_1/bias"):
            assert np.abs(gradient).max() > 0, f"zero gradient for {variable.path}"


def test_fit_with_one_target_supervises_both_stages_and_reports_psnr():
    model = HINet(width=4, depth=2)
    model.compile(Adam(3e-3), loss=PSNRLoss())
    x, y = images(4, 32, 32, 3), images(4, 32, 32, 3, seed=1)
    before = model(x)
    expected_loss = sum(float(PSNRLoss()(y, output)) for output in before.values())
    metric = PSNR()
    metric.update_state(y, before["restored"])

    scores = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)

    assert set(scores) == {"loss", "psnr"}
    assert scores["loss"] == pytest.approx(expected_loss, abs=1e-4)
    assert scores["psnr"] == pytest.approx(float(metric.result()), abs=1e-4)
    history = model.fit(tf.data.Dataset.from_tensors((x, y)).repeat(8), verbose=0).history
    after = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    assert after["loss"] < scores["loss"] - 1
    assert set(history) == {"loss", "psnr"}


def test_the_training_step_is_traced_once():
    traces = []

    class Counting(HINet):
        def train_step(self, data):
            traces.append(data)
            return super().train_step(data)

    model = Counting(width=2, depth=2)
    model.compile(Adam(), loss="mae")
    model.fit(images(2, 16, 16, 3), images(2, 16, 16, 3), batch_size=1, epochs=2, verbose=0)
    assert len(traces) == 1 and int(model.optimizer.iterations) == 4


def test_metrics_of_the_user_look_at_the_restored_image():
    model = HINet(width=4, depth=2)
    model.compile(Adam(), loss="mae", metrics=["mse"])
    x, y = images(2, 32, 32, 3), images(2, 32, 32, 3, seed=1)
    scores = model.evaluate(x, y, verbose=0, return_dict=True)
    assert scores["mse"] == pytest.approx(np.mean((model(x)["restored"] - y) ** 2), rel=1e-4)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_keras_file_gives_identical_outputs_without_custom_objects(tmp_path, policy):
    model = HINet(4, depth=2, hin_levels=(1,), negative_slope=0.1, dtype=policy)
    model.compile(Adam(1e-3), loss=PSNRLoss())
    x = images(1, 32, 48, 3)
    model.fit(x, images(1, 32, 48, 3, seed=1), verbose=0)
    model.save(tmp_path / "model.keras")
    # Another policy in force when loading must not change a saved model.
    keras.config.set_dtype_policy("float32")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is HINet
    assert loaded.get_config() == model.get_config()
    for name, output in model(x).items():
        np.testing.assert_array_equal(loaded(x)[name], output)
    assert loaded.optimizer.get_config() == model.optimizer.get_config()
    assert int(ops.convert_to_numpy(loaded.optimizer.iterations)) == 1


def test_config_round_trips():
    model = HINet(width=6, depth=3, hin_levels=[2, 0], channels=1, negative_slope=0.3, name="toy")
    config = model.get_config()
    assert config["hin_levels"] == [0, 2]
    twin = HINet.from_config(config)
    assert twin.get_config() == config
    assert [w.shape for w in twin.weights] == [w.shape for w in model.weights]


@pytest.mark.parametrize("shape", [(1, 100, 96, 3), (1, 96, 100, 3), (1, 8, 16, 3)])
def test_refuses_static_sizes_that_do_not_halve(shape):
    model = HINet(width=4)
    with pytest.raises(ValueError, match=r"multiples of 16. Received: (height|width)=(100|8)"):
        model(np.zeros(shape, "float32"))
    with pytest.raises(ValueError, match="multiples of 16"):
        model(keras.Input(shape[1:], batch_size=1))
    with pytest.raises(ValueError, match=r"Received: .*\(96, 96, 3\). A single image is a batch"):
        model(np.zeros((96, 96, 3), "float32"))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"width": 5}, "must be even where level 0"),
        ({"width": 0}, "must be positive. Received: width=0"),
        ({"channels": 0}, "channels=0"),
        ({"depth": 1}, "at least 2 levels. Received: depth=1"),
        ({"hin_levels": (3, 5)}, r"between 0 and 4 .*Received: hin_levels=\(3, 5\)"),
        ({"hin_levels": (-1,)}, r"between 0 and 4"),
        ({"norm": "batch"}, "norm='batch'"),
    ],
)
def test_refuses_arguments_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        HINet(**{"width": 4, **arguments})


def test_an_odd_width_is_fine_below_level_zero():
    model = HINet(width=3, hin_levels=(3, 4))
    assert model(images(1, 16, 16, 3))["restored"].shape == (1, 16, 16, 3)
