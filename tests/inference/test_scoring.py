"""Means, paired intervals, layouts of test sets, and the gallery."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from scipy import stats
from scipy.io import savemat

from hinet_tf.data import ImagePair
from hinet_tf.evaluation.gallery import Gallery
from hinet_tf.evaluation.pairs import clean_images, open_pairs
from hinet_tf.evaluation.scoring import ImageScore, paired_difference, score_pairs, summarize


def score(psnr: float, ssim: float = 0.9, set_name: str = "", name: str = "a") -> ImageScore:
    figures = {"hinet": {"psnr": psnr, "ssim": ssim}}
    return ImageScore(set_name, name, figures, {"hinet": {"psnr": 20.0, "ssim": 0.5}})


def test_several_sets_are_averaged_by_set():
    summary = summarize([score(30, set_name="A")] * 3 + [score(40, set_name="B")])
    assert summary["restored"]["hinet"]["psnr"] == 35
    assert summary["sets"]["A"]["restored"]["hinet"]["psnr"] == 30
    assert summary["images"] == 4


def test_identical_images_do_not_make_the_mean_infinite():
    means = summarize([score(30), score(float("inf"), 1.0)])["restored"]["hinet"]
    assert means == {"psnr": 30.0, "ssim": pytest.approx(0.95), "identical": 1}


def test_paired_difference_agrees_with_scipy():
    rng = np.random.default_rng(0)
    first = rng.normal(30, 3, 40)
    second = first + rng.normal(0.1, 0.2, 40)
    interval = stats.ttest_rel(second, first).confidence_interval(0.95)
    result = paired_difference(first, second)
    assert result["difference"] == pytest.approx((second - first).mean())
    assert (result["low"], result["high"]) == pytest.approx((interval.low, interval.high))


def test_paired_difference_leaves_infinite_images_out():
    result = paired_difference([30, float("inf"), 31], [31, 40, 32])
    assert (result["difference"], result["images"]) == (1.0, 2)
    with pytest.raises(ValueError, match="one value per image"):
        paired_difference([1], [1, 2])


def write(path, value=0, size=(16, 16)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((*size, 3), value, np.uint8)).save(path)


@pytest.mark.parametrize(
    ("degraded", "clean", "expected"),
    [
        ("test/input/a.jpg", "test/target/a.png", ("", "a")),
        ("input/x/a.png", "target/x/a.png", ("", "x/a")),
        ("Rain100L/input/1.png", "Rain100L/target/1.png", ("Rain100L", "1")),
        ("test/GOPR0384/blur/0001.png", "test/GOPR0384/sharp/0001.png", ("", "GOPR0384/0001")),
        ("val/val_blur_jpeg/000/09.jpg", "val/val_sharp/000/09.png", ("", "000/09")),
    ],
)
def test_layouts(tmp_path, degraded, clean, expected):
    write(tmp_path / degraded, 10)
    write(tmp_path / clean, 200)
    (pair,) = open_pairs(str(tmp_path), None, 0)
    assert (pair.set_name, pair.name) == expected
    assert pair.degraded.mean() == pytest.approx(10, abs=2) and pair.clean.mean() == 200


def test_reds_takes_every_tenth_frame(tmp_path):
    for frame in range(30):
        write(tmp_path / f"val_blur_jpeg/001/{frame:08d}.jpg")
        write(tmp_path / f"val_sharp/001/{frame:08d}.png")
    names = [pair.name for pair in open_pairs(str(tmp_path), None, 0)]
    assert names == ["001/00000009", "001/00000019", "001/00000029"]


def test_sidd_blocks_in_the_order_of_the_data_set(tmp_path):
    blocks = np.arange(2 * 3, dtype=np.uint8).reshape(2, 3, 1, 1, 1) + np.zeros(
        (2, 3, 8, 8, 3), np.uint8
    )
    savemat(tmp_path / "ValidationNoisyBlocksSrgb.mat", {"ValidationNoisyBlocksSrgb": blocks})
    savemat(tmp_path / "ValidationGtBlocksSrgb.mat", {"ValidationGtBlocksSrgb": blocks + 100})
    pairs = open_pairs(str(tmp_path), None, 0)
    assert [int(pair.degraded[0, 0, 0]) for pair in pairs] == [0, 1, 2, 3, 4, 5]
    assert [int(pair.clean[0, 0, 0]) for pair in pairs] == [100, 101, 102, 103, 104, 105]


def test_missing_partners_are_named(tmp_path):
    write(tmp_path / "input/a.png")
    write(tmp_path / "target/b.png")
    with pytest.raises(ValueError, match="no partner"):
        open_pairs(str(tmp_path), None, 0)
    write(tmp_path / "target/a.png", 7)
    (pair,) = open_pairs(str(tmp_path / "input" / ".."), None, 0, ["input", "input"])
    assert pair.name == "a"


def test_clean_images_are_degraded_by_their_number(tmp_path):
    for name in ("b", "a"):
        write(tmp_path / f"{name}.png", 100)
    pairs = clean_images(tmp_path, lambda image, number: image / 255.0 + number)
    assert [round(float(pair.degraded.min())) for pair in pairs] == [0, 1]


def test_gallery_shows_the_worst_first(tmp_path):
    gallery = Gallery(tmp_path / "page", "hinet", limit=2)
    image = np.zeros((8, 8, 3), np.uint8)
    for name, psnr in (("good", 40.0), ("bad", 20.0), ("fine", 30.0), ("same", float("inf"))):
        images = {"degraded": image / 255.0, "restored": image, "target": image}
        gallery.add(score(psnr, name=name), images)
    page = gallery.write(summarize([score(30)]), "<Title>", "note").read_text()
    assert page.index("<b>bad</b>") < page.index("<b>fine</b>") and "<b>good</b>" not in page
    assert "&lt;Title&gt;" in page
    assert len(list((tmp_path / "page" / "images").glob("*.png"))) == 6


def test_scores_name_both_sides():
    target = np.full((16, 16, 3), 100, np.uint8)
    restorer = SimpleNamespace(restore=lambda image: image - np.float32(10 / 255))
    pair = ImagePair.of_arrays("a", target + 20, target)
    (found,) = score_pairs(restorer, [pair], ["hinet", "hinet_y"])
    assert found.restored["hinet"]["psnr"] > found.degraded["hinet"]["psnr"]
    assert set(found.restored) == set(found.degraded) == {"hinet", "hinet_y"}
