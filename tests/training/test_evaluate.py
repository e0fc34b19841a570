"""evaluate.py from the command line: figures, files, comparison, mistakes."""

import csv
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hinet_tf import HINet, Restorer, evaluate_images
from hinet_tf.data import GaussianNoise
from hinet_tf.evaluation.pairs import open_pairs

SCRIPT = Path(__file__).parents[2] / "training" / "evaluate.py"


@pytest.fixture(scope="module")
def evaluate():
    spec = importlib.util.spec_from_file_location("evaluate", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    paths = []
    for number in range(2):
        paths.append(str(folder / f"{number}.keras"))
        HINet(width=2, depth=2).save(paths[-1])
    return paths


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        clean = rng.integers(0, 256, (20, 40, 3), np.uint8)
        for side, image in (("input", clean // 2), ("target", clean)):
            (tmp_path / "data" / "test" / side).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(tmp_path / "data" / "test" / side / f"{name}.png")
    return tmp_path / "data"


def test_figures_files_and_gallery(evaluate, models, data, tmp_path, capsys):
    out = {name: str(tmp_path / name) for name in ("s.csv", "s.json", "images", "page")}
    arguments = ["--task", "derain", "--model", models[0], "--data", str(data)]
    arguments += ["--protocol", "all", "--csv", out["s.csv"], "--json", out["s.json"]]
    assert evaluate.main([*arguments, "--images", out["images"], "--gallery", out["page"]]) == 0

    report = json.loads((tmp_path / "s.json").read_text())["models"][0]
    rows = list(csv.DictReader((tmp_path / "s.csv").open()))
    assert report["images"] == 2 and len(rows) == 12
    restorer = Restorer(models[0])
    expected = {}
    for name in ("a", "b"):
        degraded = np.asarray(Image.open(data / "test" / "input" / f"{name}.png"))
        target = np.asarray(Image.open(data / "test" / "target" / f"{name}.png"))
        restored = restorer.restore(degraded)
        written = np.asarray(Image.open(tmp_path / "images" / f"{name}.png"))
        np.testing.assert_array_equal(written, restored)
        expected[name] = evaluate_images(restored, target, "basicsr_y")
    mean = np.mean([figures["psnr"] for figures in expected.values()])
    assert report["restored"]["basicsr_y"]["psnr"] == pytest.approx(mean, abs=1e-9)
    row = next(r for r in rows if (r["image"], r["protocol"]) == ("b", "basicsr_y"))
    assert float(row["ssim"]) == pytest.approx(expected["b"]["ssim"], abs=1e-6)
    assert (tmp_path / "page" / "index.html").is_file()
    assert "matlab_y" in capsys.readouterr().out


@pytest.mark.parametrize("split", ["test", "val"])
def test_of_clean_photos_those_that_were_held_back_are_scored(tmp_path, split):
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 40, 3), np.uint8))
    for name in (f"{split}/a.png", "train/b.png", "c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        image.save(tmp_path / name)
    pairs = open_pairs(str(tmp_path), GaussianNoise(25), seed=1)
    assert [pair.name for pair in pairs] == ["a"]
    # Of two files that share a name each keeps its own score and result.
    image.save(tmp_path / split / "a.jpg")
    pairs = open_pairs(str(tmp_path), GaussianNoise(25), seed=1)
    assert [pair.name for pair in pairs] == ["a.jpg", "a.png"]
    (tmp_path / split / "a.jpg").unlink()
    (tmp_path / split / "a.png").unlink()
    pairs = open_pairs(str(tmp_path), GaussianNoise(25), seed=1)
    assert [pair.name for pair in pairs] == ["c", "train/b"]


def test_denoising_scores_the_float_output(evaluate, models, data, tmp_path):
    arguments = ["--task", "denoise", "--model", models[0], "--data", str(data)]
    assert evaluate.main([*arguments, "--json", str(tmp_path / "s.json")]) == 0
    scores = json.loads((tmp_path / "s.json").read_text())["models"][0]["scores"]
    degraded = np.asarray(Image.open(data / "test" / "input" / "a.png"))
    target = np.asarray(Image.open(data / "test" / "target" / "a.png"))
    restored = Restorer(models[0]).restore(degraded.astype(np.float32) / 255)
    figure = scores[0]["restored"]["hinet"]["psnr"]
    assert figure == pytest.approx(evaluate_images(restored, target, "hinet")["psnr"], abs=1e-6)


def test_comparison_of_two_models(evaluate, models, data, tmp_path, capsys):
    arguments = ["--task", "deblur", "--compare", *models, "--data", str(data)]
    assert evaluate.main([*arguments, "--json", str(tmp_path / "s.json")]) == 0
    report = json.loads((tmp_path / "s.json").read_text())
    figure = report["differences"]["hinet"]["psnr"]
    means = [model["restored"]["hinet"]["psnr"] for model in report["models"]]
    assert figure["difference"] == pytest.approx(means[1] - means[0])
    assert figure["low"] < figure["difference"] < figure["high"]
    assert "B - A, hinet PSNR" in capsys.readouterr().out


def test_clean_images_are_degraded_by_the_recipe(evaluate, models, data, tmp_path):
    arguments = ["--task", "denoise", "--model", models[0], "--data", str(data / "test/target")]
    arguments += ["--set", "degradation=gaussian_noise", "--set", "sigma=25"]
    assert evaluate.main([*arguments, "--json", str(tmp_path / "s.json")]) == 0
    report = json.loads((tmp_path / "s.json").read_text())
    assert report["degradation"]["sigma"] == [25.0]
    degraded = report["models"][0]["degraded"]["hinet"]["psnr"]
    assert degraded == pytest.approx(20 * np.log10(255 / 25), abs=0.6)


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"--data": "missing"}, 2, "missing"),
        ({"--model": "missing.pth"}, 2, "No such model file"),
        ({"--set": "sigma"}, 2, "KEY=VALUE"),
    ],
)
def test_mistakes(evaluate, models, data, capsys, changes, code, message):
    options = {"--task": "denoise", "--model": models[0], "--data": str(data), **changes}
    assert evaluate.main([text for pair in options.items() for text in pair]) == code
    errors = capsys.readouterr().err
    assert message in errors and "Traceback" not in errors


@pytest.mark.parametrize("place", ["data/test/target", "data/test/input/results", "linked"])
def test_results_do_not_go_among_the_test_images(evaluate, models, data, place, capsys):
    folder = data.parent / place
    (data.parent / "linked").symlink_to(data / "test" / "target")
    before = {path: path.read_bytes() for path in data.rglob("*.png")}
    command = ["--task", "denoise", "--model", models[0], "--data", str(data)]
    assert evaluate.main([*command, "--images", str(folder)]) == 2
    assert f"--images {folder} is among the images of --data {data}" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in data.rglob("*.*")} == before


def test_unknown_protocol_is_wrong_usage(evaluate, models, data):
    with pytest.raises(SystemExit) as stop:
        evaluate.main(
            ["--task", "denoise", "--model", models[0], "--data", str(data), "--protocol", "x"]
        )
    assert stop.value.code == 2


def test_the_built_in_photo_is_a_test_set(evaluate, models, tmp_path):
    scores = tmp_path / "s.json"
    command = [
        "--task",
        "denoise",
        "--model",
        models[0],
        "--data",
        "builtin",
        "--protocol",
        "hinet",
    ]
    assert evaluate.main([*command, "--tile", "96", "--json", str(scores)]) == 0
    (score,) = json.loads(scores.read_text())["models"][0]["scores"]
    assert score["name"] == "chelsea" and 20 < score["degraded"]["hinet"]["psnr"] < 50


@pytest.mark.parametrize("limit", ["0", "-3"])
def test_a_limit_below_one_is_refused(evaluate, data, limit, capsys):
    command = ["--task", "denoise", "--model", "denoise_0.125x", "--data", str(data)]
    with pytest.raises(SystemExit) as stopped:
        evaluate.main([*command, "--limit", limit])
    assert stopped.value.code == 2
    assert f"--limit must be at least 1, received {limit}" in capsys.readouterr().err
