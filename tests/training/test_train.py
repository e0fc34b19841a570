"""The training command: what it leaves behind, what it refuses, what it survives."""

import contextlib
import datetime
import importlib.util
import io
import json
import re
import shutil
import types

import keras
import numpy as np
import PIL.Image
import pytest

from hinet_tf.command_line import UsageError
from hinet_tf.commands.preset_options import model_details
from hinet_tf.commands.recipe_options import recipe_from
from hinet_tf.commands.train import main, make_parser
from hinet_tf.engine.checkpoints import Checkpoints
from hinet_tf.engine.json_log import JsonLog
from hinet_tf.tasks import Recipe

# The run that many tests look at has its pictures, since it is of the module.
pytestmark = pytest.mark.usefixtures("without_pictures")
TINY = [
    *("--task", "denoise", "--scale", "0.0625", "--patch", "16", "--batch", "2"),
    *("--set", "depth=2"),
    # So high a rate that the network gets worse after its first validation.
    *("--set", "degradation=gaussian_noise", "--set", "learning_rate=0.3"),
    *("--set", "validate_every=2", "--set", "save_every=2"),
]


def train(directory, *arguments, steps=4):
    return main([*TINY, "--steps", str(steps), "--run", str(directory), *arguments])


@pytest.fixture(scope="module")
def finished_and_said(tmp_path_factory):
    directory, said = tmp_path_factory.mktemp("finished") / "run", io.StringIO()
    with contextlib.redirect_stdout(said):
        assert train(directory) == 0
    return directory, said.getvalue()


@pytest.fixture(scope="module")
def finished(finished_and_said):
    return finished_and_said[0]


@pytest.fixture
def copy(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


def last_state(directory):
    checkpoints = Checkpoints(directory / "checkpoints")
    with np.load(checkpoints.path(checkpoints.steps()[-1])) as arrays:
        return {name: arrays[name] for name in arrays.files}


def assert_same_state(first, second):
    first, second = last_state(first), last_state(second)
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)


def unfinish(directory):
    """Leaves a run as if it had been killed just before it wrote that it is finished."""
    log = directory / "log.jsonl"
    *lines, last = log.read_text().splitlines(keepends=True)
    assert json.loads(last)["kind"] == "finished"
    log.write_text("".join(lines))


def the_error(capsys):
    lines = capsys.readouterr().err.strip().splitlines()
    (error,) = [line for line in lines if line.startswith("error: ")]
    assert lines[-1] == error
    return error


def test_run_directory_is_complete(finished):
    names = {path.name for path in finished.iterdir()}
    assert names == {
        ".lock",
        "before_after.png",
        "best.keras",
        "checkpoints",
        "config.json",
        "last.keras",
        "learning_curve.png",
        "log.jsonl",
        "report.html",
        "sessions.jsonl",
        "tensorboard",
    }
    assert Recipe.from_json((finished / "config.json").read_text()).steps == 4
    assert Checkpoints(finished / "checkpoints").steps() == [2, 4]
    records = JsonLog(finished / "log.jsonl").records()
    assert [r["step"] for r in records if r["kind"] == "train"] == [1, 2, 3, 4]
    keys = {"loss", "loss_stage1", "loss_restored", "psnr", "gradient_norm", "learning_rate"}
    assert keys < set(records[0])


def test_best_model_report_and_last_line_name_one_step_and_score(finished_and_said):
    directory, said = finished_and_said
    records = JsonLog(directory / "log.jsonl").records()
    first, last = [record for record in records if record["kind"] == "validation"]
    assert (first["step"], last["step"]) == (2, 4) and first["psnr"] > last["psnr"]
    score = f"{first['psnr']:.2f} dB"
    line = said.splitlines()[-1]
    assert f"best.keras, of step 2: validation PSNR {score}, {first['gain']:+.2f} dB" in line
    report = (directory / "report.html").read_text()
    assert re.search(rf"best.keras</code> is of step 2: validation PSNR\s+<strong>{score}", report)
    # The images were scored anew, with the weights of that file.
    assert f"chelsea: {first['degraded_psnr']:.2f} dB degraded,\n{score} restored" in report
    best, after = (
        keras.saving.load_model(directory / f"{name}.keras") for name in ("best", "last")
    )
    assert any((a != b).any() for a, b in zip(best.get_weights(), after.get_weights(), strict=True))


def test_the_report_says_when_how_long_and_on_what_and_only_keys_that_apply(finished):
    (session,) = JsonLog(finished / "sessions.jsonl").records()
    assert (session["first"], session["step"]) == (0, 4) and session["seconds"] > 0
    started = datetime.datetime.strptime(session["started"], "%Y-%m-%d %H:%M UTC")
    assert abs(started - datetime.datetime.now(datetime.UTC).replace(tzinfo=None)).days < 1
    assert re.search(r"\d+ cores.*Keras 3\.\d+.*TensorFlow 2\.\d+", session["machine"])
    report = (finished / "report.html").read_text()
    for text in (session["started"], session["machine"], "0–4", "<code>sigma</code></td><td>25<"):
        assert text in report
    for key in ("quality", "ema", "accumulate", "init", "shares", "warmup_steps"):
        assert f"<code>{key}</code>" not in report


def test_exports_of_a_run_know_where_it_comes_from(finished):
    first, last = [r for r in JsonLog(finished / "log.jsonl").records() if "gain" in r]
    for name, record in (("", first), ("best.keras", first), ("last.keras", last)):
        details = model_details(finished / name)
        assert details["task"] == "denoise" and details["training_data"] == "builtin"
        assert details["license"] == "unknown"
        assert details["scores"] == {
            "step": record["step"],
            "validation_psnr": record["psnr"],
            "input_psnr": record["degraded_psnr"],
        }
    assert model_details(finished / "elsewhere.keras") == {}


def test_saved_models_are_plain_hinets_that_score_as_logged(finished):
    from hinet_tf.data import open_sources
    from hinet_tf.engine import recipe_parts
    from hinet_tf.engine.validator import file_psnr
    from hinet_tf.models import HINet

    recipe = Recipe.from_json((finished / "config.json").read_text())
    (pair,) = recipe_parts.validation_data(recipe, open_sources(recipe.data, "val"))
    model = keras.saving.load_model(finished / "last.keras")
    assert type(model) is HINet and model.width == 4
    records = JsonLog(finished / "log.jsonl").records()
    logged = [record for record in records if record["kind"] == "validation"][-1]
    height, width = pair.clean.shape[:2]
    padding = ((0, -height % model.size_multiple), (0, -width % model.size_multiple), (0, 0))
    padded = np.pad(pair.degraded, padding, mode="symmetric")
    restored = keras.ops.convert_to_numpy(model(padded[np.newaxis])["restored"])
    restored = restored[0, :height, :width]
    assert file_psnr(restored, pair.clean) == pytest.approx(logged["psnr"], abs=1e-3)
    assert file_psnr(pair.degraded, pair.clean) == pytest.approx(logged["degraded_psnr"], abs=1e-6)


@pytest.mark.parametrize("damage", ["content", "encrypted", "compressed"])
def test_damaged_newest_checkpoint_falls_back_and_says_so(copy, finished, caplog, damage):
    newest = copy / "checkpoints" / "step-00000004.npz"
    content = bytearray(newest.read_bytes())
    # The archive's directory says how each entry is packed: its flags and its method.
    entry = content.rindex(b"PK\1\2")
    place, bits = {"encrypted": (entry + 8, 1), "compressed": (entry + 10, 80)}.get(
        damage, (len(content) // 2, 0xFF)
    )
    content[place] ^= bits
    newest.write_bytes(content)
    unfinish(copy)
    assert train(copy) == 0
    assert "step-00000004.npz is damaged" in caplog.text
    assert_same_state(copy, finished)


def test_half_finished_files_of_a_killed_process_are_cleared(copy, finished):
    newest = copy / "checkpoints" / "step-00000004.npz"
    newest.write_bytes(newest.read_bytes()[:5000])
    leftover = copy / "checkpoints" / ".step-00000006.npz.abc.tmp"
    leftover.mkdir()
    (leftover / "step-00000006.npz").write_bytes(b"half")
    unfinish(copy)
    with (copy / "log.jsonl").open("a") as log:
        log.write('{"step": 5, "ki')
    assert train(copy) == 0
    assert not leftover.exists()
    assert_same_state(copy, finished)
    assert (copy / "log.jsonl").read_text() == (finished / "log.jsonl").read_text()


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (["--scale", "0.125"], ["scale=0.0625", "scale=0.125"]),
        (["--set", "beta_2=0.999"], ["beta_2=0.99", "beta_2=0.999"]),
        (["--task", "derain"], ['task="denoise"', 'task="derain"']),
    ],
)
def test_run_directory_of_another_training_is_refused(copy, capsys, arguments, expected):
    before = (copy / "config.json").read_bytes()
    assert train(copy, *arguments) == 1
    error = the_error(capsys)
    assert all(text in error for text in expected)
    assert (copy / "config.json").read_bytes() == before


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (["--patch", "100"], "100"),
        (["--set", "colour=1"], "learning_rate"),
        (["--recipe", "gopro"], "denoise, sidd"),
        (["--batch", "two"], "two"),
    ],
)
def test_wrong_usage(tmp_path, capsys, arguments, expected):
    assert train(tmp_path / "run", *arguments) == 2
    assert expected in the_error(capsys)
    assert not (tmp_path / "run").exists()


def test_batch_that_cannot_be_divided(tmp_path, capsys):
    assert train(tmp_path / "run", "--accumulate", "4") == 2
    error = the_error(capsys)
    assert "batch of 2" in error and "multiple of 4" in error


def test_more_workers_than_pairs_are_refused_before_they_wait(tmp_path, capsys, monkeypatch):
    addresses = ["localhost:1", "localhost:2", "localhost:3"]
    config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    assert train(tmp_path / "run") == 1
    error = the_error(capsys)
    assert "3 workers" in error and "batch has 2 pairs" in error
    assert not (tmp_path / "run").exists()


def test_a_batch_that_the_replicas_cannot_divide():
    from hinet_tf.engine.distribution import check_batch

    two_replicas = types.SimpleNamespace(num_replicas_in_sync=2)
    check_batch(6, 3, two_replicas)
    with pytest.raises(ValueError, match=r"batch of 5 .* among 2 devices.*--batch 4"):
        check_batch(5, 1, two_replicas)


def test_a_training_that_the_machine_cannot_hold(tmp_path, capsys):
    # 2**24 patches at once: more than any machine has.
    assert train(tmp_path / "run", "--batch", str(2**24)) == 1
    error = the_error(capsys)
    assert "A step needs about" in error and "--accumulate" in error


def test_unusable_images_stop_the_training_or_are_left_out_and_listed(tmp_path, capsys):
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(3):
        image = np.random.default_rng(number).integers(0, 255, (48, 48, 3), np.uint8)
        PIL.Image.fromarray(image).save(photos / f"{number}.png")
    whole = (photos / "1.png").read_bytes()
    (photos / "1.png").write_bytes(whole[: len(whole) // 2])
    arguments = ["--data", str(photos)]
    assert train(tmp_path / "strict", *arguments, steps=2) == 1
    assert str(photos / "1.png") in the_error(capsys)
    assert train(tmp_path / "lenient", *arguments, "--skip-bad", steps=2) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "left out" in line]
    assert len(lines) == 1 and str(photos / "1.png") in lines[0]


def test_images_that_fit_no_memory_are_looked_through_as_well(tmp_path, capsys, monkeypatch):
    """Damage that headers do not show, in a folder that is decoded anew for every step."""
    monkeypatch.setattr("hinet_tf.data.opening.cache_memory", lambda: 0)
    photos = tmp_path / "photos"
    for split, names in {"train": "ab", "val": "c"}.items():
        (photos / split).mkdir(parents=True)
        for name in names:
            image = np.random.default_rng(ord(name)).integers(0, 255, (48, 48, 3), np.uint8)
            PIL.Image.fromarray(image).save(photos / split / f"{name}.png")
    content = bytearray((photos / "train" / "b.png").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (photos / "train" / "b.png").write_bytes(content)
    arguments = ["--data", str(photos)]
    assert train(tmp_path / "strict", *arguments, steps=8) == 1
    error = the_error(capsys)
    assert f"hinet data check {photos}" in error and "--skip-bad" in error
    assert train(tmp_path / "lenient", *arguments, "--skip-bad", steps=2) == 0
    assert f"left out, 1 of 1: {photos / 'train' / 'b.png'}" in capsys.readouterr().out


def test_two_processes_on_one_run_directory(copy, capsys):
    from hinet_tf.engine.run_directory import RunDirectory

    with RunDirectory(copy):
        assert train(copy, steps=6) == 1
    assert "Another process" in the_error(capsys)


def test_fine_tuning_for_another_task(finished, tmp_path):
    arguments = ["--init", str(finished), "--set", "degradation=rain"]
    rate = ["--set", "learning_rate=1e-12", "--set", "final_learning_rate=0"]
    assert train(tmp_path / "run", "--task", "derain", *arguments, *rate, steps=2) == 0
    assert Recipe.from_json((tmp_path / "run" / "config.json").read_text()).task == "derain"
    first, second = (
        keras.saving.load_model(path)
        for path in (finished / "best.keras", tmp_path / "run" / "last.keras")
    )
    for ours, theirs in zip(first.weights, second.weights, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=1e-9)


def test_init_of_another_width_is_refused(finished, tmp_path, capsys):
    assert train(tmp_path / "run", "--init", str(finished), "--scale", "0.125") == 1
    error = the_error(capsys)
    assert "width=4" in error and "width=8" in error


def test_init_with_other_normalized_levels_takes_the_convolutions(finished, tmp_path, caplog):
    arguments = ["--init", str(finished), "--set", "hin_levels=1"]
    rate = ["--set", "learning_rate=1e-12", "--set", "final_learning_rate=0"]
    assert train(tmp_path / "run", *arguments, *rate, steps=2) == 0
    assert "normalizes levels 0, 1, this network 1" in caplog.text
    first, second = (
        {weight.path: weight.numpy() for weight in keras.saving.load_model(path).weights}
        for path in (finished / "best.keras", tmp_path / "run" / "last.keras")
    )
    assert "stage1_encoder1/norm/gamma" in second and "stage2_encoder0/norm/beta" not in second
    assert {path for path in first if "/norm/" not in path} <= set(second)
    for path, weight in second.items():
        np.testing.assert_allclose(weight, first[path], atol=1e-9, err_msg=path)


def test_nan_stops_with_step_rate_and_last_good_checkpoint(tmp_path, capsys):
    # A learning rate that throws the weights to infinity within a few steps.
    arguments = ["--set", "learning_rate=0.9", "--set", "clip_norm=none", "--set", "loss=l1"]
    arguments += ["--set", "save_every=1", "--set", "validate_every=100"]
    assert train(tmp_path / "run", *arguments, steps=100) == 1
    error = the_error(capsys)
    assert "at step" in error and "learning rate" in error and "step-0000" in error
    for value in last_state(tmp_path / "run").values():
        assert value.dtype.kind == "U" or np.isfinite(value).all()


def test_disk_that_takes_no_more_keeps_the_previous_checkpoint(tmp_path, capsys, file_size_limit):
    run, size = tmp_path / "run", ("--scale", "0.125")
    assert train(run, *size) == 0
    state = last_state(run)
    limit = file_size_limit(250_000)
    assert train(run, *size, steps=6) == 1
    error = the_error(capsys)
    assert "step-00000006.npz could not be written" in error and "from step 4" in error
    assert not list(run.rglob("*.tmp"))
    assert Checkpoints(run / "checkpoints").steps() == [2, 4]
    for name, value in last_state(run).items():
        np.testing.assert_array_equal(value, state[name])
    keras.saving.load_model(run / "best.keras")

    file_size_limit(limit)
    assert train(run, *size, steps=6) == 0
    assert Checkpoints(run / "checkpoints").steps() == [4, 6]
    records = JsonLog(run / "log.jsonl").records()
    assert [r["step"] for r in records if r["kind"] == "train"] == [1, 2, 3, 4, 5, 6]


def test_sigterm_saves_and_says_how_to_resume(
    tmp_path, finished, capsys, terminated_in_the_third_step
):
    directory = tmp_path / "run"
    with terminated_in_the_third_step():
        assert train(directory) == 0
    assert "Stopped after step 3 of 4" in capsys.readouterr().out
    assert Checkpoints(directory / "checkpoints").steps() == [2, 3]
    assert train(directory) == 0
    assert_same_state(directory, finished)


def test_fewer_steps_than_were_made_are_refused(copy, capsys):
    before = sorted((path, path.read_bytes()) for path in copy.rglob("*") if path.is_file())
    assert train(copy, steps=3) == 1
    assert "has made 4 steps already; --steps 3 is fewer. Take --steps 4" in the_error(capsys)
    assert before == sorted((path, path.read_bytes()) for path in copy.rglob("*") if path.is_file())


def test_a_run_that_is_ended_early_is_validated_and_needs_no_first_weights(
    tmp_path, finished, terminated_in_the_third_step
):
    directory, weights = tmp_path / "run", tmp_path / "first.keras"
    shutil.copy(finished / "last.keras", weights)
    arguments = ["--init", str(weights), "--set", "validate_every=100"]
    with terminated_in_the_third_step():
        assert train(directory, *arguments, steps=100) == 0
    weights.unlink()
    assert train(directory, *arguments, steps=3) == 0
    records = JsonLog(directory / "log.jsonl").records()
    assert [r["step"] for r in records if r["kind"] == "validation"] == [3]
    assert (directory / "best.keras").exists() and (directory / "last.keras").exists()
    assert records[-1] == {"step": 3, "kind": "finished"}


def test_a_best_model_that_is_gone_leaves_the_place_to_the_next_one(copy):
    (copy / "best.keras").unlink()
    assert train(copy, steps=6) == 0
    best, last = (keras.saving.load_model(copy / f"{name}.keras") for name in ("best", "last"))
    for ours, theirs in zip(best.get_weights(), last.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_scores_of_other_images_do_not_decide_which_model_is_best(tmp_path):
    random = np.random.default_rng(0)

    def put(name):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (32, 32, 3), np.uint8)
        PIL.Image.fromarray(pixels).save(tmp_path / name)

    for name in ("data/train/a.png", "data/train/b.png", "data/val/c.png"):
        put(name)
    copy, data = tmp_path / "run", ("--data", str(tmp_path / "data"))
    assert train(copy, *data) == 0
    # Of the same name; black is cut off, so that noise changes less of it.
    PIL.Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(tmp_path / "data/val/c.png")
    assert train(copy, *data, steps=6) == 0
    records = JsonLog(copy / "log.jsonl").records()
    kinds = {r["step"]: r["kind"] for r in records if r["kind"].startswith("validation")}
    other = "validation_on_other_images"
    assert kinds == {2: other, 4: other, 6: "validation"}
    best = keras.saving.load_model(copy / "best.keras").get_weights()
    last = keras.saving.load_model(copy / "last.keras").get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(best, last, strict=True))


def test_precision_is_chosen_once_and_kept(tmp_path, monkeypatch, finished):
    def chosen(*arguments, run=tmp_path):
        args = make_parser().parse_args([*TINY, "--steps", "4", "--run", str(run), *arguments])
        return recipe_from(args).precision

    assert chosen() == "float32"
    monkeypatch.setattr("hinet_tf.processor.has_fast_bfloat16", lambda: True)
    assert chosen() == chosen("--precision", "auto") == "bfloat16"
    assert chosen("--set", "precision=auto") == "bfloat16"
    assert chosen("--precision", "float32") == chosen("--set", "precision=float32") == "float32"
    # A run that began elsewhere goes on as it began.
    assert chosen(run=finished) == "float32"


def test_a_setting_without_effect_keeps_no_run_from_going_on(tmp_path, finished):
    words = ["--task", "denoise", "--set", "sigma=5"]
    with pytest.raises(UsageError, match="--set sigma: degradation=sensor_noise has none"):
        recipe_from(make_parser().parse_args([*words, "--run", str(tmp_path)]))
    # Begun before it was refused.
    assert recipe_from(make_parser().parse_args([*words, "--run", str(finished)])).sigma == (5.0,)


# What float16 needs beside it has tests of its own, in tests/engine/test_loss_scaled_adam.py.
@pytest.mark.parametrize("precision", ["bfloat16", pytest.param("float16", marks=pytest.mark.slow)])
def test_low_precision_learns_with_float32_weights(tmp_path, precision):
    settings = ["--set", "ema=0.9", "--set", "learning_rate=1e-3"]
    assert train(tmp_path / "run", "--precision", precision, *settings, steps=12) == 0
    records = JsonLog(tmp_path / "run" / "log.jsonl").records()
    losses = [record["loss"] for record in records if record["kind"] == "train"]
    assert losses[-1] < losses[0]
    state = last_state(tmp_path / "run")
    assert {v.dtype for n, v in state.items() if v.dtype.kind == "f"} == {np.dtype("float32")}


def test_moving_average_is_what_is_saved_and_keep_every_keeps(tmp_path):
    settings = ["--set", "ema=0.5", "--set", "save_every=1", "--set", "keep_every=2"]
    assert train(tmp_path / "run", *settings, steps=5) == 0
    assert Checkpoints(tmp_path / "run" / "checkpoints").steps() == [2, 4, 5]
    state = last_state(tmp_path / "run")
    model = keras.saving.load_model(tmp_path / "run" / "last.keras")
    with np.load(Checkpoints(tmp_path / "run" / "checkpoints").path(4)) as arrays:
        before = {name: arrays[name] for name in arrays.files}
    moved = 0
    for variable in model.trainable_variables:
        (weights,) = [
            v for n, v in state.items() if n.endswith(f"/{variable.path}") and n[0] == "n"
        ]
        average_name = f"{variable.path.replace('/', '_')}_average"
        (name,) = [name for name in state if name.endswith(f"/{average_name}")]
        average = state[name]
        np.testing.assert_array_equal(variable.numpy(), average)
        np.testing.assert_allclose(average, (before[name] + weights) / 2, atol=1e-6)
        moved += not np.array_equal(weights, average)
    assert moved > 60


@pytest.mark.slow
def test_wandb_gets_every_step(tmp_path, monkeypatch):
    wandb = pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    sent = []
    log = wandb.sdk.wandb_run.Run.log

    def listening(self, data, *arguments, **keywords):
        # Keras' epoch, which here is the whole run, is sent at its end as well.
        sent.extend([data] if "batch/batch_step" in data else [])
        return log(self, data, *arguments, **keywords)

    monkeypatch.setattr(wandb.sdk.wandb_run.Run, "log", listening)
    monkeypatch.setattr(wandb, "log", lambda data: wandb.run.log(data))
    assert train(tmp_path / "run", "--wandb", "hinet") == 0
    assert train(tmp_path / "run", "--wandb", "hinet", steps=6) == 0
    assert wandb.run is None
    assert [data["batch/batch_step"] for data in sent] == [0, 1, 2, 3, 4, 5]
    records = JsonLog(tmp_path / "run" / "log.jsonl").records()
    losses = [record["loss"] for record in records if record["kind"] == "train"]
    np.testing.assert_allclose([data["batch/loss"] for data in sent], losses, rtol=1e-6)
    # What `wandb sync` uploads later.
    assert len(list((tmp_path / "run" / "wandb").glob("offline-run-*/*.wandb"))) == 2


def test_wandb_that_is_not_installed(tmp_path, capsys, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "wandb" else find(name)
    )
    assert train(tmp_path / "run", "--wandb", "hinet") == 2
    assert "pip install 'hinet-tf[wandb]'" in the_error(capsys)
    assert not (tmp_path / "run").exists()


def test_dry_run_trains_nothing(tmp_path, capsys):
    assert train(tmp_path / "run", "--dry-run", "--set", "depth=5") == 0
    output = capsys.readouterr().out
    recipe, table = output[: output.rindex("}") + 1], output[output.rindex("}") + 1 :]
    assert json.loads(recipe)["steps"] == 4
    # Closed forms at width 4: 21639 w² + 568 w + 6, and 585 w² + 135 w per pixel.
    assert f"{21639 * 16 + 568 * 4 + 6:,}" in table and "0.00 G per 16x16" in table
    assert not (tmp_path / "run").exists()


def test_a_run_that_never_began_leaves_nothing(tmp_path, capsys):
    run = tmp_path / "runs" / "denoise"
    assert train(run, "--data", str(tmp_path / "no such folder"), steps=2) == 2
    the_error(capsys)
    assert train(run, "--init", str(tmp_path / "absent.keras"), steps=2) == 2
    the_error(capsys)
    assert list(tmp_path.iterdir()) == []


def test_the_same_command_after_the_last_step_does_nothing(copy, capsys):
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*") if path.name != ".lock"}
    assert train(copy) == 0
    assert "already finished at step 4: nothing to do" in capsys.readouterr().out
    assert before == {path: path.stat().st_mtime_ns for path in before}
    assert train(copy, steps=6) == 0
    assert "resuming at step 4" in capsys.readouterr().out
