"""What users of Keras do with a model, as keras.io teaches it, works with a HINet."""

import keras
import numpy as np
import pytest

import hinet_tf
from hinet_tf import HINet
from hinet_tf.losses import PSNRLoss
from hinet_tf.metrics import PSNR
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
