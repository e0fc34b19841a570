"""What users of Keras do with a model, as keras.io teaches it, works with a HINet."""

import copy
import os
import pickle
import random
import subprocess
import sys
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import hinet_tf
from hinet_tf import HINet
from hinet_tf.losses import PSNRLoss
from hinet_tf.metrics import PSNR, SSIM
from hinet_tf.optimizers import Adam


def tiny(**arguments):
    return HINet(**{"width": 4, "depth": 2, **arguments})


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    clean = generator.random((4, 16, 16, 3), np.float32)
    noise = generator.normal(0, 0.1, clean.shape)
    return np.clip(clean + noise, 0, 1).astype(np.float32), clean


@pytest.fixture(scope="module")
def model():
    """A network that no test may change."""
    return tiny()


def compiled(model, **arguments):
    """A compiled model; it runs eagerly where tracing a graph would take longer than the test."""
    defaults = {"optimizer": Adam(1e-3), "loss": PSNRLoss(), "run_eagerly": True}
    model.compile(**defaults | arguments)
    return model


def mean(error):
    return float(np.mean(error))


# --- Losses, targets and metrics by name


def test_targets_by_name_are_what_one_target_is(data):
    degraded, clean = data
    model = compiled(tiny())
    by_name = {"stage1": clean, "restored": clean}
    one = model.evaluate(degraded, clean, verbose=0, return_dict=True)
    assert model.evaluate(degraded, by_name, verbose=0, return_dict=True) == pytest.approx(one)
    assert set(model.fit(degraded, by_name, verbose=0).history) == {"loss", "psnr"}


@pytest.mark.parametrize("by_name", [False, True])
def test_losses_by_name_are_weighted_and_reported(data, by_name):
    degraded, clean = data
    losses = {"stage1": "mae", "restored": "mse"}
    model = compiled(tiny(), loss=losses, loss_weights={"stage1": 0.1, "restored": 2.0})
    target = {"stage1": clean, "restored": clean} if by_name else clean
    scores = model.evaluate(degraded, target, verbose=0, return_dict=True)
    images = model(degraded)
    first = mean(np.abs(images["stage1"] - clean))
    second = mean(np.square(images["restored"] - clean))
    assert scores["stage1_loss"] == pytest.approx(first, rel=1e-4)
    assert scores["restored_loss"] == pytest.approx(second, rel=1e-4)
    assert scores["loss"] == pytest.approx(0.1 * first + 2.0 * second, rel=1e-4)
    psnr = PSNR()
    psnr.update_state(clean, images["restored"])
    assert scores["psnr"] == pytest.approx(float(psnr.result()), abs=1e-4)
    model.fit(degraded, target, verbose=0)


def test_weights_of_one_loss_by_name(data):
    degraded, clean = data
    model = compiled(tiny(), loss="mae", loss_weights={"stage1": 0.1, "restored": 2.0})
    images = model(degraded)
    expected = 0.1 * mean(np.abs(images["stage1"] - clean))
    expected += 2.0 * mean(np.abs(images["restored"] - clean))
    scores = model.evaluate(degraded, clean, verbose=0, return_dict=True)
    assert scores["loss"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("loss", ["mae", {"restored": "mae"}])
def test_one_output_alone_can_be_supervised(data, loss):
    degraded, clean = data
    model = compiled(tiny(), loss=loss)
    target = {"restored": clean}
    scores = model.evaluate(degraded, target, verbose=0, return_dict=True)
    expected = mean(np.abs(model(degraded)["restored"] - clean))
    assert scores["loss"] == pytest.approx(expected, rel=1e-4)


def test_metrics_by_name_look_at_what_they_name(data):
    degraded, clean = data
    model = compiled(tiny(), metrics={"stage1": ["mae"]}, weighted_metrics={"restored": ["mse"]})
    images = model(degraded)
    scores = model.evaluate(degraded, clean, verbose=0, return_dict=True)
    expected = mean(np.abs(images["stage1"] - clean))
    assert scores["stage1_mae"] == pytest.approx(expected, rel=1e-4)
    expected = mean(np.square(images["restored"] - clean))
    assert scores["restored_mse"] == pytest.approx(expected, rel=1e-4)


def test_metrics_in_a_list_look_at_the_restored_image_of_named_targets(data):
    degraded, clean = data
    model = compiled(tiny(), loss={"restored": "mse"}, metrics=["mae", PSNR()])
    scores = model.evaluate(degraded, {"restored": clean}, verbose=0, return_dict=True)
    expected = mean(np.abs(model(degraded)["restored"] - clean))
    assert scores["mae"] == pytest.approx(expected, rel=1e-4)
    assert set(scores) == {"loss", "mae", "psnr"}


@pytest.mark.parametrize("loss", [PSNRLoss(), {"stage1": PSNRLoss(), "restored": PSNRLoss()}])
def test_sample_weights_weigh_images(data, loss):
    degraded, clean = data
    model = compiled(tiny(), loss=loss)
    weights = np.array([1, 0, 0, 3], np.float32)
    each = PSNRLoss(reduction="none")
    expected = sum(mean(each(clean, image) * weights) for image in model(degraded).values())
    for weight in (weights, {"stage1": weights, "restored": weights}):
        scores = model.evaluate(degraded, clean, 4, 0, sample_weight=weight, return_dict=True)
        assert scores["loss"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"loss": ["mse", "mae"]}, "`loss` of both outputs is given by name. Received: a list"),
        ({"loss_weights": [1, 2]}, "`loss_weights` of both outputs is given by name"),
        ({"metrics": [["mse"], ["mae"]]}, "`metrics` of both outputs is given by name"),
        ({"loss": {"restore": "mse"}}, "`loss` names .* Received: restore. Expected: restored, s"),
        ({"metrics": {"stage2": "mse"}}, "`metrics` names outputs .* Received: stage2"),
    ],
)
def test_what_does_not_name_the_outputs_is_refused(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        compiled(model, **arguments)


def test_targets_that_do_not_fit_are_refused(data):
    degraded, clean = data
    with pytest.raises(ValueError, match="`y` holds one image, or images by name"):
        compiled(tiny()).test_on_batch(degraded, (clean, clean))
    model = compiled(tiny(), loss={"stage1": "mse", "restored": "mse"})
    with pytest.raises(ValueError, match="`y` lacks stage1, which has a loss"):
        model.test_on_batch(degraded, {"restored": clean})


# --- Saving, loading, copying


def test_a_saved_model_trains_on_as_the_model_does(data, tmp_path):
    degraded, clean = data
    model = compiled(tiny(hin_levels=(1,)))
    model.fit(degraded, clean, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is HINet and loaded.get_config() == model.get_config()
    for network in (model, loaded):
        network.fit(degraded, clean, shuffle=False, verbose=0)
    for name, image in model(degraded).items():
        np.testing.assert_array_equal(loaded(degraded)[name], image)


def test_an_h5_file_holds_the_model_and_its_loss(data, tmp_path):
    degraded, clean = data
    model = compiled(tiny(hin_levels=(1,), dtype="mixed_bfloat16"))
    model.save(tmp_path / "model.h5")
    loaded = keras.models.load_model(tmp_path / "model.h5")
    assert type(loaded) is HINet and loaded.get_config() == model.get_config()
    for name, image in model(degraded).items():
        np.testing.assert_array_equal(loaded(degraded)[name], image)
    assert type(loaded.optimizer) is Adam and type(loaded.loss) is PSNRLoss
    # In bfloat16 a compiled graph, which is what was loaded, rounds elsewhere.
    expected = model.evaluate(degraded, clean, verbose=0)
    assert loaded.evaluate(degraded, clean, verbose=0) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("whole", [False, True])
def test_what_was_frozen_stays_frozen(tmp_path, suffix, whole):
    model = tiny()
    assert "frozen" not in model.get_config()
    model.get_layer("stage1_encoder0").trainable = False
    model.get_layer("stage1_encoder0").conv_2.trainable = True
    model.get_layer("stage1_encoder1").conv_1.trainable = False
    model.trainable = not whole
    model.save(tmp_path / f"model{suffix}")
    loaded = keras.models.load_model(tmp_path / f"model{suffix}")
    expected = [variable.path for variable in model.trainable_variables]
    assert [variable.path for variable in loaded.trainable_variables] == expected
    for ours, theirs in zip(loaded._flatten_layers(), model._flatten_layers(), strict=True):
        assert ours.trainable == theirs.trainable, ours.path


def test_frozen_blocks_stay_frozen_in_a_clone_and_in_another_model(tmp_path):
    model = tiny()
    for name in ("stage1_encoder0", "stage1_decoder0", "fusion0", "attention"):
        model.get_layer(name).trainable = False
    expected = [variable.path for variable in model.trainable_variables]
    clone = keras.models.clone_model(model)
    assert [variable.path for variable in clone.trainable_variables] == expected
    part = keras.Model(model.inputs, model.output["restored"])
    part.save(tmp_path / "part.keras")
    loaded = keras.models.load_model(tmp_path / "part.keras")
    assert [variable.path for variable in loaded.trainable_variables] == expected


def test_images_are_channels_last_whatever_keras_is_set_to(data):
    degraded, clean = data
    model = tiny()
    expected = model(degraded)["restored"]
    keras.config.set_image_data_format("channels_first")
    try:
        twin, similarity = tiny(), SSIM()
        twin.set_weights(model.get_weights())
        np.testing.assert_array_equal(twin(degraded)["restored"], expected)
        loaded = HINet.from_preset("denoise_0.125x")
        similarity.update_state(clean, degraded)
    finally:
        keras.config.set_image_data_format("channels_last")
    again = SSIM()
    again.update_state(clean, degraded)
    assert float(similarity.result()) == float(again.result())
    preset = HINet.from_preset("denoise_0.125x")
    np.testing.assert_array_equal(loaded(degraded)["restored"], preset(degraded)["restored"])


def test_float64_layers_keep_their_statistics_in_float32(data):
    degraded, clean = data
    model = tiny()
    exact = model.rebuilt(dtype="float64")
    for name, image in model(degraded).items():
        np.testing.assert_allclose(exact(degraded)[name], image, atol=1e-5)
    local = exact.rebuilt(norm="local", local_train_size=8)
    expected = model.rebuilt(norm="local", local_train_size=8)(degraded)["restored"]
    np.testing.assert_allclose(local(degraded)["restored"], expected, atol=1e-5)
    history = compiled(exact, optimizer=Adam(1e-2)).fit(degraded, clean, epochs=2, verbose=0)
    assert history.history["loss"][1] < history.history["loss"][0]


def test_gray_targets_of_a_colour_network_are_refused(data):
    degraded, clean = data
    with pytest.raises(ValueError, match=r"one shape. Received: y_true.shape=\(4, 16, 16, 1\)"):
        compiled(tiny()).fit(degraded, clean[..., :1], verbose=0)


@pytest.mark.parametrize("arguments", [{}, {"norm": "local"}, {"dtype": "mixed_bfloat16"}])
def test_a_clone_is_a_hinet_that_trains(data, arguments):
    degraded, clean = data
    model = compiled(tiny(depth=3, hin_levels=(1, 2), negative_slope=0.1, **arguments))
    clone = keras.models.clone_model(model)
    assert type(clone) is HINet and clone.get_config() == model.get_config()
    assert not {id(weight) for weight in clone.weights} & {id(weight) for weight in model.weights}
    if arguments.get("norm") != "local":
        compiled(clone, optimizer=Adam(1e-2)).fit(degraded, clean, epochs=2, verbose=0)
        assert clone.history.history["loss"][1] < clone.history.history["loss"][0]


def test_a_clone_of_exchanged_layers_is_the_model_they_make(model):
    def exchange(layer):
        kind = keras.layers.Conv2D if layer.name == "stage2_mix" else type(layer)
        return kind.from_config(layer.get_config())

    clone = keras.models.clone_model(model, clone_function=exchange)
    assert not isinstance(clone, HINet)
    assert type(clone.get_layer("stage2_mix")) is keras.layers.Conv2D


def test_a_bfloat16_model_exports_and_restores_in_float32(tmp_path, data):
    keras.config.set_dtype_policy("mixed_bfloat16")
    low = tiny(depth=3)
    exact = low.rebuilt(dtype="float32")
    restored = hinet_tf.Restorer(low).restore(data[0][0])
    np.testing.assert_array_equal(restored, hinet_tf.Restorer(exact).restore(data[0][0]))
    report = hinet_tf.export_tflite(
        low, tmp_path / "low.tflite", sizes=((32, 32),), quantization="float32"
    )
    assert not report.failed


# --- Arguments


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"scale": 0.25}, r"sized by its width.*Received: scale=0.25. Use HINet\(width=16\)"),
        ({"scale": 0.3}, r"HINet\(width=20\)"),
        ({"widht": 8}, "no such arguments. Received: widht=8"),
    ],
)
def test_unknown_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        HINet(**arguments)


@pytest.mark.parametrize("method", ["predict", "evaluate", "fit"])
def test_an_odd_size_is_refused_as_by_a_call(method):
    model = compiled(tiny())
    model.predict(np.zeros((1, 16, 16, 3), np.float32), verbose=0)
    odd = np.zeros((1, 17, 16, 3), np.float32)
    arguments = (odd,) if method == "predict" else (odd, odd)
    with pytest.raises(ValueError, match=r"multiples of 2\. Received: height=17") as error:
        getattr(model, method)(*arguments, verbose=0)
    assert str(error.value).count("\n") == 0
    with pytest.raises(ValueError, match=r"multiples of 2\. Received: height=17"):
        model(odd)


# --- Training


def batches(data):
    for _ in range(2):
        yield data


class Pairs(keras.utils.PyDataset):
    def __init__(self, data):
        super().__init__()
        self.data = data

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return self.data


@pytest.mark.parametrize(
    "pairs",
    [
        lambda data: tf.data.Dataset.from_tensor_slices(data).batch(4).repeat(2),
        batches,
        Pairs,
    ],
)
def test_fit_takes_datasets_generators_and_pydatasets(data, pairs):
    model = compiled(tiny())
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*shuffle")
        model.fit(pairs(data), verbose=0)
    compiled(twin)
    for _ in range(2):
        twin.train_on_batch(*data)
    assert model.optimizer.iterations == 2
    np.testing.assert_allclose(
        model(data[0])["restored"], twin(data[0])["restored"], rtol=0, atol=1e-6
    )


def test_callbacks_know_psnr_and_which_way_is_up(data, tmp_path):
    seen = []
    model = compiled(tiny(), optimizer=Adam(1e-2))
    callbacks = [
        keras.callbacks.ModelCheckpoint(
            tmp_path / "{epoch}.keras", monitor="val_psnr", mode="max", save_best_only=True
        ),
        # Left to itself: the metric says that more is better.
        keras.callbacks.EarlyStopping(monitor="val_psnr", patience=5, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau(monitor="val_psnr", mode="max", patience=9),
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(dict(logs))),
    ]
    model.fit(*data, epochs=3, validation_data=data, callbacks=callbacks, verbose=0)
    assert all(logs["val_psnr"] > 0 and "psnr" in logs and "val_loss" in logs for logs in seen)
    scores = [logs["val_psnr"] for logs in seen]
    best = int(np.argmax(scores)) + 1
    assert (tmp_path / f"{best}.keras").is_file()
    after = model.evaluate(*data, verbose=0, return_dict=True)["psnr"]
    assert after == pytest.approx(max(scores), abs=1e-3)
    assert (tmp_path / "log.csv").read_text().startswith("epoch,learning_rate,loss,psnr,val_loss")


def test_moving_averages_are_swapped_in_for_validation(data):
    model = compiled(tiny(), optimizer=Adam(1e-2, use_ema=True, ema_momentum=0.5))
    kept = []
    callbacks = [
        keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
        keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: kept.append(model.get_weights())),
    ]
    model.fit(*data, batch_size=2, epochs=1, callbacks=callbacks, verbose=0)
    averages = model.optimizer._model_variables_moving_average
    for weight, average in zip(kept[0], averages, strict=True):
        np.testing.assert_array_equal(weight, keras.ops.convert_to_numpy(average))


@pytest.mark.parametrize(
    "arguments",
    [pytest.param({"jit_compile": True}, marks=pytest.mark.slow), {"steps_per_execution": 2}],
)
def test_compiled_steps_train_as_eager_ones(data, arguments):
    model = tiny()
    twin = model.rebuilt()
    for network, how in ((model, {"run_eagerly": False, **arguments}), (twin, {})):
        compiled(network, optimizer=keras.optimizers.SGD(1e-4), **how)
        network.fit(*data, batch_size=2, shuffle=False, verbose=0)
    assert model.optimizer.iterations == 2
    np.testing.assert_allclose(model(data[0])["restored"], twin(data[0])["restored"], atol=1e-5)


def test_float16_scales_the_loss(data):
    model = compiled(tiny(dtype="mixed_float16"), optimizer=keras.optimizers.Adam(1e-3))
    assert type(model.optimizer) is keras.optimizers.LossScaleOptimizer
    model.fit(*data, verbose=0)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_a_training_step_of_ones_own(data):
    class Mine(HINet):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(x=x, y=y, y_pred=y_pred)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply(gradients, self.trainable_variables)
            return {"mine": loss, **self.compute_metrics(x, y, y_pred)}

    model = compiled(Mine(width=4, depth=2))
    start = model.evaluate(*data, verbose=0, return_dict=True)["loss"]
    history = model.fit(*data, epochs=2, verbose=0).history
    assert history["mine"][0] == pytest.approx(start, rel=1e-4)
    assert history["mine"][1] < history["mine"][0] and "psnr" in history


def test_frozen_layers_do_not_move_after_compiling_again(data):
    model = compiled(tiny())
    model.fit(*data, verbose=0)
    for layer in model.layers:
        layer.trainable = layer.name.startswith("stage2")
    before = {weight.path: weight.numpy() for weight in model.weights}
    compiled(model, optimizer=Adam(1e-2)).fit(*data, verbose=0)
    moved = {w.path for w in model.weights if not np.array_equal(before[w.path], w.numpy())}
    assert moved and all(path.startswith("stage2") for path in moved)
    assert len(model.trainable_variables) < len(model.variables)


# --- Weights, layers, copies


def test_weights_alone_are_saved_and_loaded(model, data, tmp_path):
    model.save_weights(tmp_path / "model.weights.h5")
    random.seed(1)
    other = tiny()
    assert not np.array_equal(other(data[0])["restored"], model(data[0])["restored"])
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(other(data[0])["restored"], model(data[0])["restored"])


@pytest.mark.filterwarnings("ignore:A total of")
def test_what_fits_of_a_model_of_other_channels_is_taken_over(model, tmp_path):
    model.save_weights(tmp_path / "model.weights.h5")
    gray = tiny(channels=1)
    before = {weight.path: weight.numpy() for weight in gray.weights}
    with pytest.raises(ValueError):
        gray.load_weights(tmp_path / "model.weights.h5")
    gray.load_weights(tmp_path / "model.weights.h5", skip_mismatch=True)
    of_colour = {weight.path: weight.numpy() for weight in model.weights}
    for weight in gray.weights:
        if "coder" in weight.path or "skip" in weight.path or "fusion" in weight.path:
            np.testing.assert_array_equal(weight.numpy(), of_colour[weight.path])
        elif weight.shape != of_colour[weight.path].shape:
            np.testing.assert_array_equal(weight.numpy(), before[weight.path])


def test_keras_export_serves_both_images(model, data, tmp_path):
    model.export(tmp_path / "exported", verbose=False)
    exported = tf.saved_model.load(tmp_path / "exported")
    served = exported.serve(data[0])
    for name, image in model(data[0]).items():
        np.testing.assert_allclose(served[name], image, rtol=0, atol=1e-5)


def test_the_config_rebuilds_it(model):
    assert HINet.from_config(model.get_config()).get_config() == model.get_config()
    by_json = keras.models.model_from_json(model.to_json())
    assert type(by_json) is HINet and by_json.get_config() == model.get_config()
    with keras.saving.custom_object_scope({"HINet": HINet}):
        config = keras.saving.serialize_keras_object(model)
        assert type(keras.saving.deserialize_keras_object(config)) is HINet


def test_features_of_a_layer(model, data):
    encoder = model.get_layer("stage1_encoder1")
    features = keras.Model(model.input, {"deep": encoder.output, **model.output})
    outputs = features(data[0])
    assert outputs["deep"].shape == (4, 8, 8, 8)
    np.testing.assert_array_equal(outputs["restored"], model(data[0])["restored"])


def test_it_is_a_layer_of_a_larger_model(model, data, tmp_path):
    image = keras.Input((16, 16, 3))
    brighter = keras.layers.Rescaling(2.0)(model(image)["restored"])
    larger = keras.Model(image, brighter)
    larger.save(tmp_path / "larger.keras")
    loaded = keras.models.load_model(tmp_path / "larger.keras")
    np.testing.assert_allclose(loaded(data[0]), 2 * model(data[0])["restored"], rtol=1e-6)


def test_its_summary_counts_its_parameters(model):
    lines = []
    model.summary(print_fn=lines.append)
    assert model.count_params() == sum(np.prod(weight.shape) for weight in model.weights)
    text = "\n".join(map(str, lines))
    assert f"Total params: {model.count_params():,}" in text and "stage2_decoder0" in text


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_the_model(data, copied):
    model = compiled(tiny())
    twin = copied(model)
    assert type(twin) is HINet and twin.get_config() == model.get_config()
    np.testing.assert_array_equal(twin(data[0])["restored"], model(data[0])["restored"])


def test_prediction_by_batches_is_the_call(model, data):
    predicted = model.predict(data[0], batch_size=3, verbose=0)
    for name, image in model(data[0]).items():
        np.testing.assert_allclose(predicted[name], image, rtol=0, atol=1e-5)
    np.testing.assert_allclose(
        model.predict_on_batch(data[0])["restored"], predicted["restored"], rtol=0, atol=1e-5
    )


@pytest.mark.slow
def test_the_same_habits_on_jax(tmp_path):
    code = """
import sys, numpy as np, keras, hinet_tf
y = np.random.default_rng(0).random((2, 16, 16, 3), "f4"); x = np.clip(y + 0.1, 0, 1)
model = hinet_tf.HINet(width=4, depth=2)
model.compile("adam", loss={"stage1": "mae", "restored": "mse"},
              loss_weights={"stage1": 0.1, "restored": 1.0})
model.get_layer("attention").trainable = False
logs = model.fit(x, y, validation_data=(x, {"stage1": y, "restored": y}), verbose=0).history
assert {"loss", "stage1_loss", "restored_loss", "psnr", "val_psnr"} <= set(logs), logs
model.save(sys.argv[1])
loaded = keras.models.load_model(sys.argv[1])
restored = [m.predict(x, verbose=0)["restored"] for m in (loaded, model)]
assert np.array_equal(*restored)
assert len(loaded.trainable_variables) == len(model.trainable_variables) < len(model.variables)
assert type(keras.models.clone_model(model)) is hinet_tf.HINet
"""
    command = [sys.executable, "-c", code, str(tmp_path / "model.keras")]
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert not done.returncode, done.stderr
