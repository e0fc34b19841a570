"""`hinet-data check` finds what was planted, names it, and finds nothing in good data."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from hinet_tf.commands.data import main
from hinet_tf.data import builtin_photos


def save(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    random = np.random.default_rng(0)
    photo = builtin_photos("train").images(0)[1]
    for number in range(10):
        split = "test" if number >= 8 else "train"
        clean = photo[20 * number :, 10 * number :][:200, :240]
        noisy = np.clip(clean + random.normal(0, 15, clean.shape), 0, 255).astype(np.uint8)
        save(folder / split / "target" / f"{number}.png", clean)
        save(folder / split / "input" / f"{number}.png", noisy)
    return folder


@pytest.fixture
def folder(good, tmp_path):
    shutil.copytree(good, tmp_path / "pairs")
    return tmp_path / "pairs"


def check(capsys, *arguments):
    code = main(["check", *map(str, arguments)])
    return code, " ".join(capsys.readouterr().out.split())


def test_good_data(capsys, folder, tmp_path):
    code, output = check(capsys, folder, "--json", tmp_path / "report.json")
    assert code == 0
    assert "10 usable; nothing is wrong" in output
    train, test = json.loads((tmp_path / "report.json").read_text())
    assert (train["usable"], test["usable"]) == (8, 2)
    assert train["sizes"] == [[200, 240]] and train["kinds"] == {"PNG 8-bit RGB": 16}
    assert 24 < train["psnr"][1] < 31 and train["problems"] == []


def shifted(folder):
    image = np.asarray(Image.open(folder / "train/input/3.png"))
    save(folder / "train/input/3.png", np.roll(image, (3, -2), axis=(0, 1)))


def swapped(folder):
    first, second = folder / "train/input/0.png", folder / "train/input/7.png"
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)


def corrupted(folder):
    path = folder / "train/input/5.png"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def copied(source, target):
    return lambda folder: shutil.copy(folder / source, folder / target)


@pytest.mark.parametrize(
    ("plant", "message"),
    [
        (shifted, "input/3.png is shifted against its target by 3 rows and -2 columns"),
        (swapped, "input/0.png has"),
        (corrupted, "input/5.png: the content is corrupt"),
        (copied("train/target/2.png", "train/input/2.png"), "input/2.png equals its target"),
        (copied("train/target/2.png", "test/target/8.png"), "8.png is also"),
        (lambda folder: (folder / "train/target/1.png").unlink(), "1.png in input/ has no partner"),
        (
            lambda folder: (folder / "test/target/9.png").write_bytes(b""),
            "9.png: the file is empty",
        ),
    ],
)
def test_what_is_wrong_is_named(capsys, folder, plant, message):
    plant(folder)
    code, output = check(capsys, folder)
    assert code == 1
    assert message in output


def test_skip_bad_succeeds_while_something_is_left_and_still_lists(capsys, folder):
    corrupted(folder)
    code, output = check(capsys, folder, "--skip-bad")
    assert code == 0
    assert "9 usable, 1 unusable" in output
    assert "5.png: the content is corrupt" in output


def test_clean_folder(capsys, tmp_path):
    photo = builtin_photos("val").images(0)[1]
    save(tmp_path / "a.png", photo)
    save(tmp_path / "b.jpg", photo)
    save(tmp_path / "sub" / "c.png", photo)
    code, output = check(capsys, tmp_path)
    assert code == 1
    assert "│ clean │ 3 │" in output and "c.png equals" in output


def test_the_smallest_image_is_that_of_the_shortest_side(capsys, tmp_path):
    for name, (width, height) in {"a": (500, 1), "b": (20, 10), "c": (26, 20)}.items():
        save(tmp_path / f"{name}.png", np.full((height, width, 3), 9 * width % 256, np.uint8))
    check(capsys, tmp_path, "--json", tmp_path / "report.json")
    (report,) = json.loads((tmp_path / "report.json").read_text())
    assert report["sizes"] == [[1, 500], [20, 26]]


def test_usage(capsys, tmp_path):
    assert main(["check", str(tmp_path / "nowhere")]) == 2
    error = capsys.readouterr().err
    assert "is no folder; expected a folder of images" in error and "Traceback" not in error
    assert main(["check", str(tmp_path)]) == 1
