"""From a training to a preset, its page, its scores and the gallery."""

import json
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hinet_tf.training.presets.history import command_of
from hinet_tf.training.presets.tables import END, START

from hinet_tf import HINet
from hinet_tf.commands.recipe_options import recipe_from
from hinet_tf.commands.train import main as train
from hinet_tf.commands.train import make_parser as make_training_parser
from hinet_tf.models.presets import preset_card
from hinet_tf.tasks import TASKS, get_recipe
from training.presets import gallery, publish, score

STEPS = 4


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Clean photos in a folder of a name whose licence is known."""
    folder = tmp_path_factory.mktemp("data") / "photos"
    rng = np.random.default_rng(0)
    for split, count in (("train", 3), ("val", 1)):
        (folder / split).mkdir(parents=True)
        for number in range(count):
            smooth = PIL.Image.fromarray(rng.integers(0, 256, (6, 9, 3), np.uint8))
            smooth.resize((48, 32)).save(folder / split / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory, photos):
    """Two trainings, the second one goes on from the first."""
    folder = tmp_path_factory.mktemp("runs")
    for name, start in (("a", []), ("b", ["--init", str(folder / "a")])):
        options = ["--scale", "0.0625", "--patch", "16", "--batch", "2", "--steps", str(STEPS)]
        options += ["--set", "depth=2", "--set", "degradation=gaussian_noise", "--set", "sigma=25"]
        options += ["--set", "learning_rate=1e-3", "--set", "validate_every=2"]
        command = ["--task", "denoise", "--data", str(photos), "--run", str(folder / name)]
        assert train([*command, *options, *start]) == 0
    return folder


@pytest.fixture(scope="module")
def published(runs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    command = ["--run", str(runs / "a"), "--run", str(runs / "b"), "--hardware", "a test machine"]
    places = ["--out", str(folder / "presets"), "--docs", str(folder / "docs")]
    assert publish.main([*command, *places]) == 0
    return folder


@pytest.mark.slow
def test_the_weights_are_those_of_the_best_model_in_float16(published, runs):
    import keras

    trained = keras.saving.load_model(runs / "b" / "best.keras", compile=False)
    preset = HINet.from_preset(published / "presets")
    for ours, theirs in zip(preset.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs.astype(np.float16))


@pytest.mark.slow
def test_the_card_says_how_it_was_made(published, runs, photos):
    card = preset_card(published / "presets")
    assert (card["name"], card["task"], card["scale"]) == ("denoise_0.0625x", "denoise", 0.0625)
    assert card["config"] == {"width": 4, "depth": 2, "hin_levels": [0, 1], "channels": 3}
    assert [run["steps"] for run in card["made_by"]] == [STEPS, STEPS]
    first, second = card["made_by"]
    assert first["images"] == {str(photos): 3}
    assert first["hardware"] == "a test machine" and first["hours"] >= 0
    assert re.fullmatch(r"[0-9a-f]{40}|unknown", first["commit"])
    assert first["recipe"]["init"] is None and second["recipe"]["init"] == str(runs / "a")
    assert {entry["license"] for entry in card["training_data"]} == {
        "CC0 or public domain",
        "Unsplash License",
        "CC0, public domain, CC BY 2.0 to 4.0, BSD-2-Clause or MIT",
    }
    assert card["limits"] and card["intended_use"] and card["license"] == "MIT"


@pytest.mark.slow
def test_the_command_of_the_card_repeats_the_training(published, runs):
    for run, name in zip(preset_card(published / "presets")["made_by"], "ab", strict=True):
        program, *words = shlex.split(run["command"])[1:]
        assert program == "training/train.py"
        args = make_training_parser().parse_args(words)
        assert args.run == str(runs / name)
        assert json.loads(recipe_from(args).to_json()) == run["recipe"]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    "changes",
    [{}, {"patch": 96, "ema": 0.999}, {"degradation": "photo_noise", "sigma": (0.0, 55.0)}],
)
def test_a_command_gives_its_recipe_back(task, changes, tmp_path):
    """Also where a value is the paper's, which is not that of a training without `--data`."""
    for name in ("photos", "some folder"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.png").touch()
    for data in ("builtin", f"{tmp_path}/photos,{tmp_path}/some folder"):
        recipe = get_recipe(task).replace(data=data, **changes)
        words = shlex.split(command_of(recipe, Path("some run")))[2:]
        assert recipe_from(make_training_parser().parse_args(words)) == recipe


@pytest.mark.slow
def test_the_mean_of_two_trainings(runs, tmp_path, capsys):
    import keras

    places = ["--out", str(tmp_path / "presets"), "--docs", str(tmp_path / "docs")]
    options = [*places, "--average", "--hardware", "a test machine"]
    a, b = ["--run", str(runs / "a")], ["--run", str(runs / "b")]
    assert publish.main([*a, *b, *options]) == 0
    first, second = (keras.saving.load_model(runs / n / "best.keras").get_weights() for n in "ab")
    assert any(np.abs(x - y).max() > 1e-3 for x, y in zip(first, second, strict=True))
    mean = HINet.from_preset(tmp_path / "presets").get_weights()
    for x, y, z in zip(first, second, mean, strict=True):
        np.testing.assert_allclose(z, (x + y) / 2, rtol=1e-3, atol=1e-6)
    assert "the mean of those of the last two" in (tmp_path / "docs/denoise_0.0625x.md").read_text()
    # Trainings that do not follow one another have no mean.
    assert publish.main([*b, *a, *options]) == 1
    assert f"expected {runs / 'b'}" in capsys.readouterr().err


@pytest.mark.slow
def test_different_networks_have_no_mean(runs, tmp_path, capsys):
    shutil.copytree(runs / "b", tmp_path / "b")
    HINet(width=4, depth=2, hin_levels=(1,)).save(tmp_path / "b" / "best.keras")
    command = ["--run", str(runs / "a"), "--run", str(tmp_path / "b"), "--hardware", "a machine"]
    places = ["--out", str(tmp_path / "presets"), "--docs", str(tmp_path / "docs")]
    assert publish.main([*command, *places, "--average"]) == 1
    error = capsys.readouterr().err
    assert "'hin_levels': [1]" in error and "'hin_levels': [0, 1]" in error
    assert not (tmp_path / "presets").exists()


@pytest.mark.parametrize(("task", "words"), [("denoise", []), ("deblur", ["--force"])])
def test_a_command_insists_on_a_preset_of_another_task(task, words):
    recipe = get_recipe(task).replace(init="denoise_0.25x", scale=0.25)
    assert [w for w in shlex.split(command_of(recipe, Path("run"))) if w == "--force"] == words


@pytest.mark.slow
def test_the_page_shows_curve_failures_and_licences(published):
    page = (published / "docs" / "denoise_0.0625x.md").read_text()
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", page):
        with PIL.Image.open(published / "docs" / picture) as image:
            assert min(image.size) > 300
    assert len(re.findall(r"!\[", page)) == 4
    assert "Unsplash License" in page and "--set learning_rate=0.001" in page
    assert preset_card(published / "presets")["sha256"] in page
    assert "- Kodak24 was looked at while" in page


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda run: (run / "config.json").unlink(), "holds no config.json"),
        (lambda run: (run / "log.jsonl").write_text(""), "has not trained yet"),
        (lambda run: shutil.rmtree(run / "tensorboard"), "name the hours"),
        (lambda run: (run / "best.keras").unlink(), "No such model file"),
    ],
)
def test_what_cannot_be_published(runs, tmp_path, capsys, change, message):
    shutil.copytree(runs / "a", tmp_path / "run")
    change(tmp_path / "run")
    places = ["--out", str(tmp_path / "presets"), "--docs", str(tmp_path / "docs")]
    command = ["--run", str(tmp_path / "run"), "--hardware", "x", *places]
    assert publish.main(command) == 1
    errors = capsys.readouterr().err
    assert message in errors and "Traceback" not in errors
    assert not (tmp_path / "presets").exists() and not (tmp_path / "docs").exists()


@pytest.mark.slow
def test_data_of_unknown_licence_is_not_published(runs, tmp_path, capsys):
    shutil.copytree(runs / "a", tmp_path / "run")
    config = json.loads((tmp_path / "run/config.json").read_text())
    config["data"] = "builtin"
    (tmp_path / "run/config.json").write_text(json.dumps(config))
    command = ["--run", str(tmp_path / "run"), "--hardware", "x", "--out", str(tmp_path / "p")]
    assert publish.main(command) == 1
    assert "Nothing is known about the licence of 'builtin'" in capsys.readouterr().err


@pytest.fixture
def data(tmp_path):
    """A data folder with two photos named kodak24."""
    folder = tmp_path / "data"
    (folder / "kodak24").mkdir(parents=True)
    (folder / "manifests").mkdir()
    lines = ["split,task,set,degraded,clean,license"]
    for number in range(2):
        noise = np.random.default_rng(number).integers(0, 256, (30, 40, 3), np.uint8)
        PIL.Image.fromarray(noise).resize((560, 512)).save(folder / f"kodak24/{number}.png")
        lines.append(f"eval,clean,kodak24,,kodak24/{number}.png,none")
    (folder / "manifests/eval.csv").write_text("\n".join(lines))
    return folder


@pytest.mark.slow
def test_scores_go_into_card_page_and_readme(published, runs, data, tmp_path):
    shutil.copytree(published, tmp_path / "copy")
    readme = tmp_path / "README.md"
    readme.write_text(f"# before\n\n{START}\nwhat stood there\n{END}\n\nafter\n")
    places = ["--presets", str(tmp_path / "copy/presets"), "--docs", str(tmp_path / "copy/docs")]
    options = [*places, "--readme", str(readme), "--quantization", "float16", "--limit", "1"]
    assert score.main(["--data", str(data), *options]) == 0

    scores = preset_card(tmp_path / "copy/presets")["scores"]
    sigma25 = scores["sets"]["kodak24_sigma25"]
    assert sigma25["images"] == 1 and sigma25["protocol"] == "matlab"
    # Noise of sigma 25 of 255 is 20.17 dB; clamping takes a part of it away.
    assert 20.17 < sigma25["input_psnr"] < 21.5
    # Chroma at half resolution has lost a part of the noise.
    saved = scores["sets"]["kodak24_sigma25_jpeg"]
    assert saved["input_psnr"] > sigma25["input_psnr"] + 0.2
    assert scores["sets"]["clean"]["input_psnr"] is None
    assert abs(scores["exports"]["files"]["float16"]["drop"]) < 0.05
    assert scores["multiply_adds"] == (585 * 16 + 135 * 4) * 256**2
    text = readme.read_text()
    assert (
        text.startswith("# before\n\n")
        and text.endswith("\n\nafter\n")
        and "what stood there" not in text
    )
    assert f"| {sigma25['psnr']:.2f} |" in text and "32.13" in text
    assert f"{sigma25['psnr']:.2f}" in (tmp_path / "copy/docs/denoise_0.0625x.md").read_text()

    before = text
    assert score.main(["--tables", *places, "--readme", str(readme)]) == 0
    assert readme.read_text() == before

    # Scores stay with their weights, and with no others.
    for run, kept in (("b", scores), ("a", {})):
        again = ["--run", str(runs / run), "--hardware", "a test machine"]
        again += ["--out", str(tmp_path / "copy/presets"), "--docs", str(tmp_path / "copy/docs")]
        assert publish.main(again) == 0
        assert preset_card(tmp_path / "copy/presets")["scores"] == kept


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--data", "nowhere"], "manifests/eval.csv is not there"),
        (["--data", "nowhere", "--preset", "other"], "'other'. Expected one of: denoise_0.0625x"),
        (["--tables"], "README.md lacks the lines"),
    ],
)
def test_mistakes_in_scoring(published, tmp_path, capsys, options, message):
    shutil.copytree(published, tmp_path / "copy")
    (tmp_path / "README.md").write_text("no markers")
    places = ["--presets", str(tmp_path / "copy/presets"), "--docs", str(tmp_path / "copy/docs")]
    assert score.main([*options, *places, "--readme", str(tmp_path / "README.md")]) == 1
    errors = capsys.readouterr().err
    assert message in errors and "Traceback" not in errors


@pytest.mark.slow
def test_the_gallery_shows_every_preset_and_photo(published, tmp_path):
    command = ["--presets", str(published / "presets"), "--out", str(tmp_path)]
    assert gallery.main(command) == 0
    page = (tmp_path / "index.html").read_text()
    sources = re.findall(r'<img[^>]* src="([^"]+)"', page)
    assert len(sources) == 3 * 4
    for source in sources:
        with PIL.Image.open(tmp_path / source) as image:
            assert image.size == (384, 256)
    assert "CC0" in page


@pytest.mark.slow
def test_the_gallery_shows_real_pairs_and_what_gained_most_first(published, tmp_path):
    random = np.random.default_rng(0)
    for name, header in (("train", "denoise,sidd_crops"), ("eval", "deblur,reds60")):
        prefix = header.partition(",")[2]
        lines = ["split,task,set,degraded,clean,license"]
        for number in (0, 1, 5, 8) if name == "train" else (9,):
            for side in ("noisy", "clean"):
                path = tmp_path / prefix / side / f"yd_{number:02}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                pixels = random.integers(0, 256, (32, 48, 3), np.uint8)
                PIL.Image.fromarray(pixels).save(path)
            pair = [f"{prefix}/{side}/yd_{number:02}.png" for side in ("noisy", "clean")]
            lines.append(f"{name},{header},{','.join(pair)},MIT")
        if name == "eval":
            lines.append(f"eval,clean,kodak24,,{prefix}/clean/yd_09.png,none")
        (tmp_path / "manifests").mkdir(exist_ok=True)
        (tmp_path / "manifests" / f"{name}.csv").write_text("\n".join(lines))
    command = ["--presets", str(published / "presets"), "--out", str(tmp_path)]
    assert gallery.main([*command, "--data", str(tmp_path)]) == 0
    page = (tmp_path / "index.html").read_text()
    targets = re.findall(r'<img class="target" src="gallery/([^"]+)\.webp"', page)
    photos, real = {"astronaut", "chelsea", "coffee", "rocket"}, {"yd_00", "yd_05", "yd_08"}
    assert set(targets) == photos | real and len(targets) == 7
    gains = [float(gain) for gain in re.findall(r"([+-]\d+\.\d\d) dB, SSIM", page)]
    assert len(gains) == 7 and gains == sorted(gains, reverse=True) and gains[0] > gains[-1]
    assert page.count(", from a camera</b>") == 3 and "Real noise: SIDD" in page
    for source in re.findall(r'src="([^"]+yd_[^"]+)"', page):
        with PIL.Image.open(tmp_path / source) as image:
            assert image.size == (48, 32)
