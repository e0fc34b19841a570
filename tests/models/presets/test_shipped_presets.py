"""Every preset that ships has its card, checksum, page and scores, and still does what they say."""

import re
from pathlib import Path

import pytest
from hinet_tf.training.presets.examples import check_scores
from hinet_tf.training.presets.tables import END, START, preset_tables

import hinet_tf
from hinet_tf import HINet, Restorer
from hinet_tf.models.presets import DEFAULT_PRESET, preset_card, registry
from hinet_tf.tasks import TASKS, Recipe

ROOT = Path(__file__).resolve().parents[3]
NAMES = list(hinet_tf.presets())


def test_no_weights_without_a_card_and_no_card_without_weights():
    files = {path.name for path in registry.FOLDER.iterdir() if path.suffix in (".npz", ".json")}
    assert files == {f"{name}{suffix}" for name in NAMES for suffix in (".npz", ".json")}
    # Whatever else weights may come as.
    others = {".keras", ".h5", ".pth", ".pt", ".weights", ".safetensors", ".bin", ".tflite"}
    assert not [path for path in (ROOT / "hinet_tf").rglob("*") if path.suffix in others]


def test_the_default_is_a_preset_as_soon_as_there_is_one():
    from hinet_tf.commands.restore import make_parser

    assert make_parser().parse_args(["photo.jpg", "--out", "restored"]).model == DEFAULT_PRESET
    assert not NAMES or DEFAULT_PRESET in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_complete(name):
    card = preset_card(name)
    assert card["name"] == name and card["task"] in TASKS
    assert name == f"{card['task']}_{card['scale']:g}x"
    assert card["config"]["width"] == 64 * card["scale"]
    for key in ("license", "training_data", "intended_use", "limits", "made_by", "scores"):
        assert card[key], key
    assert isinstance(card["remarks"], list)
    assert all(data["license"] and data["source"] for data in card["training_data"])
    for run in card["made_by"]:
        assert Recipe(
            **{k: tuple(v) if isinstance(v, list) else v for k, v in run["recipe"].items()}
        )
        assert run["command"] and run["hardware"] and run["hours"] > 0 and len(run["commit"]) == 40
    assert (ROOT / "docs" / "presets" / f"{name}.md").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_the_weights_are_the_cards_and_restore_as_it_says(name):
    card = preset_card(name)
    model = HINet.from_preset(name)
    assert model.count_params() == card["parameters"]
    scores = check_scores(Restorer(model), card["task"])
    assert len(scores) >= 2 and scores.keys() == card["check"].keys()
    for photo, psnr in scores.items():
        assert psnr["input"] == pytest.approx(card["check"][photo]["input"], abs=0.01)
        assert psnr["restored"] == pytest.approx(card["check"][photo]["restored"], abs=0.02)
    # Together: of blurred fur the deblurrer makes a worse image, as its limits say.
    gains = [psnr["restored"] - psnr["input"] for psnr in scores.values()]
    assert sum(gains) / len(gains) > 0.5
    losers = [photo for photo, gain in zip(scores, gains, strict=True) if gain < 0]
    assert all(photo in " ".join(card["limits"]) for photo in losers)


@pytest.mark.parametrize("name", NAMES)
def test_the_scores_are_of_every_set_and_beat_their_input(name):
    scores = preset_card(name)["scores"]
    assert scores["sets"]["clean"]["psnr"] > 30
    for key, score in scores["sets"].items():
        # Of these two no more scenes are left that no training shows.
        assert score["images"] >= {"sidd": 3, "gopro": 1}.get(key, 8), key
        if key != "clean":
            assert score["psnr"] > score["input_psnr"], key
    assert {"float16", "int8"} <= set(scores["exports"]["files"])


def test_the_readme_shows_the_scores_of_the_cards():
    content = (ROOT / "README.md").read_text(encoding="utf-8")
    between = content.partition(START)[2].partition(END)[0]
    assert between == "\n" + preset_tables({name: preset_card(name) for name in NAMES})


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_that_of_the_card(name, tmp_path):
    from hinet_tf.training.presets.page import write_page

    page = write_page(tmp_path, preset_card(name))
    assert page.read_text() == (ROOT / "docs" / "presets" / page.name).read_text()


def test_every_picture_stands_on_a_page_and_every_page_has_its_pictures():
    docs = ROOT / "docs" / "presets"
    pages = [path for path in docs.iterdir() if path.suffix in (".md", ".html")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    named = set(re.findall(r'(?:src="|\]\()([^")]+\.(?:webp|png|jpg))', text))
    pictures = (path for path in docs.rglob("*") if path.suffix in (".webp", ".png", ".jpg"))
    assert named == {path.relative_to(docs).as_posix() for path in pictures}
