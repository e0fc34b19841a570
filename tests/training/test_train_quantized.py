"""Training with the rounding of an integer file: what it leaves, resumes and refuses."""

import keras
import numpy as np
import pytest

import hinet_tf
from hinet_tf.commands.recipe_options import recipe_from
from hinet_tf.commands.train import main, make_parser
from hinet_tf.data import GaussianNoise, ValidationPairs, builtin_photos
from hinet_tf.engine.checkpoints import Checkpoints
from hinet_tf.engine.json_log import JsonLog
from hinet_tf.engine.validator import file_psnr
from hinet_tf.layers import QuantizedTrainingPolicy

TINY = [
    *("--task", "denoise", "--scale", "0.0625", "--patch", "16", "--batch", "2"),
    *("--set", "depth=2", "--set", "ema=0.5", "--lr", "1e-3", "--steps", "4"),
    *("--set", "degradation=gaussian_noise", "--set", "validate_every=2"),
]
INT8 = [*TINY, "--quantize", "int8"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    directory = tmp_path_factory.mktemp("finished") / "run"
    assert main([*INT8, "--run", str(directory)]) == 0
    return directory


def state(directory):
    with np.load(Checkpoints(directory / "checkpoints").path(4)) as arrays:
        return {name: arrays[name] for name in arrays.files}


def test_models_compute_in_float_and_carry_the_ranges(finished):
    model = keras.saving.load_model(finished / "last.keras")
    assert type(model) is hinet_tf.HINet and model.dtype_policy.name == "float32"
    recipe, ranges = model.quantization["recipe"], dict(model.quantization["ranges"])
    assert recipe == "int8" and all(low < high for low, high in ranges.values())
    learned = {
        name.split("/", 2)[2].replace("integers/", "").removesuffix("_range"): value
        for name, value in state(finished).items()
        if name.endswith("_range")
    }
    assert ranges.keys() == learned.keys() and len(ranges) == 22
    for name, value in learned.items():
        np.testing.assert_array_equal(np.float32(ranges[name]), value[:2])
    # The noisy image itself goes into no integer convolution; blocks at full resolution have
    # each image's own ranges.
    constant = {name.split("/")[0] for name in ranges}
    assert {"stage1_down0", "stage1_encoder1", "stage2_skip0", "fusion0"} <= constant
    assert constant.isdisjoint({"stage1_input", "attention", "stage1_encoder0", "stage2_decoder0"})


def test_what_is_scored_is_rounded(finished):
    records = JsonLog(finished / "log.jsonl").records()
    last = [record["psnr"] for record in records if record["kind"] == "validation"][-1]
    model = keras.saving.load_model(finished / "last.keras")
    rounded = model.rebuilt(dtype=QuantizedTrainingPolicy("int8"))
    scores = {}
    (pair,) = ValidationPairs(builtin_photos("val"), degradation=GaussianNoise(25), seed=10)
    degraded, clean = pair.read()
    height, width = (side // 2 * 2 for side in degraded.shape[:2])
    for name, network in (("float", model), ("rounded", rounded)):
        restored = network(degraded[None, :height, :width])["restored"][0].numpy()
        scores[name] = file_psnr(restored.clip(0, 1), clean[:height, :width])
    assert scores["rounded"] == pytest.approx(last, abs=0.02)
    assert abs(scores["float"] - last) > abs(scores["rounded"] - last)


# That ranges are in the checkpoint is seen above; that a run resumes, in test_train.py.
@pytest.mark.slow
def test_a_resumed_run_is_the_uninterrupted_one(finished, tmp_path, terminated_in_the_third_step):
    directory = tmp_path / "run"
    with terminated_in_the_third_step():
        assert main([*INT8, "--run", str(directory)]) == 0
    assert Checkpoints(directory / "checkpoints").steps() == [2, 3]
    assert main([*INT8, "--run", str(directory)]) == 0
    expected, found = state(finished), state(directory)
    assert expected.keys() == found.keys()
    for name in expected:
        np.testing.assert_array_equal(expected[name], found[name], err_msg=name)


def test_what_it_starts_from_is_its_target_with_channels_of_like_size(finished, tmp_path):
    start = keras.saving.load_model(finished / "last.keras")
    block = start.get_layer("stage1_encoder1")
    gamma, beta, kernel = (
        weight.numpy() for weight in (*block.normalization.weights, block.conv_2.kernel)
    )
    gamma[0], beta[0], kernel[:, :, 0] = gamma[0] * 8, beta[0] * 8, kernel[:, :, 0] / 8
    block.normalization.set_weights([gamma, beta])
    block.conv_2.kernel.assign(kernel)
    start.save(tmp_path / "start.keras")
    rates = ["--lr", "1e-12", "--set", "final_learning_rate=1e-12", "--steps", "1"]
    run = ["--init", str(tmp_path / "start.keras"), "--run", str(tmp_path / "run")]
    assert main([*INT8, *rates, *run]) == 0
    record = JsonLog(tmp_path / "run" / "log.jsonl").records()[0]
    # Rounding is all that parts the two; from the clean image both are far away.
    assert record["loss_restored"] < -25 and record["psnr"] < 15

    trained = keras.saving.load_model(tmp_path / "run" / "last.keras")
    changed = trained.get_layer("stage1_encoder1").conv_2.kernel.numpy() / kernel
    exponents = np.log2(np.median(changed, axis=(0, 1, 3)))
    np.testing.assert_allclose(exponents, np.round(exponents), atol=1e-3)
    assert exponents[0] >= 2


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["--quantize", "float16"], 2, "int8_dynamic or int8, or none. Received: 'float16'"),
        (["--quantize", "int16x8"], 2, "a recipe of 8-bit integers"),
        (["--quantize", "int8", "--precision", "bfloat16"], 2, "must be one of float32"),
        ([], 1, 'quantize="int8"; this command asks for quantize=null'),
        (["--quantize", "int8_dynamic"], 1, 'this command asks for quantize="int8_dynamic"'),
    ],
)
def test_one_line_says_what_is_wrong(finished, capsys, arguments, code, expected):
    assert main([*TINY, "--run", str(finished), *arguments]) == code
    *_, line = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("error: ") and expected in line


def test_a_float_run_does_not_go_on_quantized(tmp_path, capsys):
    recipe = recipe_from(make_parser().parse_args([*TINY, "--run", str(tmp_path)]))
    (tmp_path / "config.json").write_text(recipe.replace(precision="bfloat16").to_json())
    assert main([*INT8, "--run", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert 'quantize=null; this command asks for quantize="int8"' in error
    assert f"--init {tmp_path}" in error
