"""The layouts people have, what is refused, and how training reads what was prepared."""

import hashlib
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from hinet_tf.data import open_sources, training_pipeline
from hinet_tf.data.sources.record_source import record_offsets
from hinet_tf.data.tfds import Gopro, Rain13k, Reds, Sidd
from hinet_tf.data.tfds.image_pair_builder import crop_starts

# Test modules are no packages here; the makers of small data lie beside this file.
sys.path.insert(0, str(Path(__file__).parent))
import layouts

RAIN = ("test100", "rain100h", "rain100l", "test2800", "test1200")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """The numbers of the small data instead of the published ones."""
    monkeypatch.setattr(Sidd, "EXPECTED", {"train": 4, "validation": 1})
    monkeypatch.setattr(Sidd, "CROP", (16, 12))
    monkeypatch.setattr(Sidd, "BLOCKS_SHAPE", (3, 2, 16, 16, 3))
    monkeypatch.setattr(Gopro, "EXPECTED", {"train": 4, "test": 2})
    monkeypatch.setattr(Gopro, "CROP", (16, 8))
    monkeypatch.setattr(Reds, "EXPECTED", {"train": 6, "validation": 4})
    monkeypatch.setattr(Rain13k, "EXPECTED", {"train": 3} | dict.fromkeys(RAIN, 1))


@pytest.fixture
def prepare(tmp_path):
    """Makes small data, prepares it and returns the examples of each split."""

    def run(name, make, root="manual", **options):
        manual = tmp_path / "manual"
        make(tmp_path / root)
        builder = tfds.builder(name, data_dir=tmp_path / "prepared", **options)
        config = tfds.download.DownloadConfig(manual_dir=manual, extract_dir=tmp_path / "extracted")
        builder.download_and_prepare(download_dir=tmp_path / "down", download_config=config)
        return {
            split: sorted(tfds.as_numpy(builder.as_dataset(split=split)), key=lambda e: e["name"])
            for split in builder.info.splits
        }

    return run


def names(examples):
    return [example["name"].decode() for example in examples]


def test_crops_are_those_of_the_official_script():
    assert crop_starts(720, 512, 256) == [0, 208]
    assert crop_starts(1280, 512, 256) == [0, 256, 512, 768]
    # 2103 images of 720x1280 give the 16,824 pairs of the official preparation.
    assert 2103 * len(crop_starts(720, 512, 256)) * len(crop_starts(1280, 512, 256)) == 16_824
    # SIDD's largest and smallest cameras: 112 and 88 crops.
    assert len(crop_starts(3000, 512, 384)) * len(crop_starts(5328, 512, 384)) == 112
    with pytest.raises(ValueError, match="512 at least"):
        crop_starts(500, 512, 256)


def test_gopro_pixels_and_names(prepare, tmp_path):
    splits = prepare("gopro", layouts.gopro)
    sequence = tmp_path / "manual/GOPRO_Large/train/GOPR0372_07_00"
    assert names(splits["train"])[:2] == [
        "GOPR0372_07_00-000047_s001",
        "GOPR0372_07_00-000047_s002",
    ]
    assert names(splits["test"]) == ["X1-000047", "X1-000048"]
    last = splits["train"][5]
    for key, kind in (("input", "blur"), ("target", "sharp")):
        image = np.asarray(Image.open(sequence / kind / "000047.png"))
        np.testing.assert_array_equal(last[key], image[8:24, 16:32])


def test_gopro_of_mprnet_is_the_same_data(prepare, tmp_path):
    original = prepare("gopro", layouts.gopro)
    for folder in ("manual", "prepared"):
        shutil.rmtree(tmp_path / folder)
    copy = prepare("gopro", layouts.gopro_mprnet)
    for split, examples in original.items():
        for one, other in zip(examples, copy[split], strict=True):
            assert one["name"] == other["name"]
            np.testing.assert_array_equal(one["input"], other["input"])


@pytest.mark.parametrize("folder", ["", "gopro"])
def test_gopro_as_archive_in_either_manual_folder(prepare, tmp_path, folder):
    def make(root):
        layouts.gopro(tmp_path / "loose")
        layouts.zipped(tmp_path / "loose", root / folder / "GOPRO_Large.zip")

    assert len(prepare("gopro", make)["train"]) == 4 * 6


def test_linked_data_is_found(prepare, tmp_path):
    def make(root):
        layouts.gopro(tmp_path / "elsewhere")
        root.mkdir()
        (root / "gopro").symlink_to(tmp_path / "elsewhere")

    assert len(prepare("gopro", make)["test"]) == 2


def test_blur_gamma_is_never_taken_for_blur(prepare):
    def make(root):
        layouts.gopro(root)
        for folder in sorted(root.rglob("blur")):
            shutil.rmtree(folder)

    with pytest.raises(ValueError, match="blur_gamma has no blur/ beside it"):
        prepare("gopro", make)


@pytest.mark.parametrize("flat", [False, True])
def test_reds_validation_is_every_tenth_frame(prepare, flat):
    splits = prepare("reds", lambda root: layouts.reds(root, flat))
    assert names(splits["validation"]) == [f"{c:03d}_{f:08d}" for c in (0, 1) for f in (9, 19)]
    assert len(splits["train"]) == 6


def test_reds_without_jpeg_is_refused(prepare):
    def make(root):
        layouts.reds(root)
        (root / "train/train_blur_jpeg").rename(root / "train/train_blur")

    with pytest.raises(ValueError, match="train_blur but no train_blur_jpeg"):
        prepare("reds", make)


@pytest.mark.parametrize("train", ["train/Rain13K", "train"])
def test_rain13k_and_its_five_test_sets(prepare, train):
    splits = prepare("rain13k", lambda root: layouts.rain13k(root, train))
    assert set(splits) == {"train", *RAIN} and len(splits["train"]) == 3


def test_encoded_images_are_decoded_as_pillow_does(prepare, tmp_path):
    splits = prepare("rain13k", layouts.rain13k)
    example = splits["rain100l"][0]
    expected = Image.open(tmp_path / "manual/test/Rain100L/target/1.jpg")
    np.testing.assert_array_equal(example["target"], np.asarray(expected))


def test_sidd_blocks_keep_order(prepare, tmp_path):
    import scipy.io

    splits = prepare("sidd", layouts.sidd)
    blocks = scipy.io.loadmat(tmp_path / "manual/ValidationGtBlocksSrgb.mat")
    by_name = {example["name"].decode(): example for example in splits["validation"]}
    np.testing.assert_array_equal(
        by_name["ValidationBlocksSrgb_3"]["target"], blocks["ValidationGtBlocksSrgb"][1, 1]
    )
    assert len(splits["train"]) == 4 * 15


@pytest.mark.parametrize(
    "blocks", [{"shape": (3, 2, 16, 16)}, {"shape": (3, 3, 16, 16, 3)}, {"dtype": np.float32}]
)
def test_blocks_of_another_shape_are_refused(prepare, blocks):
    def make(root):
        layouts.sidd(root)
        layouts.sidd_blocks(root, **blocks)

    with pytest.raises(ValueError, match=r"expected uint8 of \(3, 2, 16, 16, 3\)"):
        prepare("sidd", make)


def test_a_mat_file_that_is_none_is_named(prepare):
    def make(root):
        layouts.sidd(root)
        (root / "ValidationGtBlocksSrgb.mat").write_bytes(b"download failed")

    with pytest.raises(ValueError, match=r"ValidationGtBlocksSrgb\.mat is no readable \.mat file"):
        prepare("sidd", make)


MAKERS = {
    "sidd": layouts.sidd,
    "gopro": layouts.gopro,
    "reds": layouts.reds,
    "rain13k": layouts.rain13k,
}


@pytest.mark.parametrize("name", MAKERS)
def test_no_source_image_in_two_splits(prepare, name):
    splits = prepare(name, MAKERS[name])
    contents = {
        split: {hashlib.sha256(np.ascontiguousarray(e["target"])).digest() for e in examples}
        for split, examples in splits.items()
    }
    held_out = set().union(*(c for split, c in contents.items() if split != "train"))
    assert contents["train"] and held_out and not contents["train"] & held_out


LEAKS = {
    "gopro": (
        "GOPRO_Large/train/GOPR0372_07_00/sharp/000047.png",
        "GOPRO_Large/test/X1/sharp/000047.png",
    ),
    "reds": ("train/train_sharp/000/00000000.png", "val/val_sharp/001/00000019.png"),
    "rain13k": ("train/Rain13K/target/1.jpg", "test/Rain100L/target/1.jpg"),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_planted_leak_is_refused(prepare, name):
    def make(root):
        MAKERS[name](root)
        shutil.copy(*[root / path for path in LEAKS[name]])

    with pytest.raises(ValueError, match="a score on it would be worthless"):
        prepare(name, make)


def test_missing_pairs_are_counted_and_allowed_when_asked(prepare, tmp_path):
    def make(root):
        layouts.gopro(root)
        shutil.rmtree(root / "GOPRO_Large/train/GOPR0374_11_01")

    with pytest.raises(ValueError, match="train 2 of 4, test 2 of 2"):
        prepare("gopro", make)
    assert len(prepare("gopro", make, strict=False)["train"]) == 2 * 6


def test_a_missing_partner_is_named(prepare):
    def make(root):
        layouts.gopro(root)
        (root / "GOPRO_Large/test/X1/sharp/000048.png").unlink()

    with pytest.raises(ValueError, match="the first is 000048 in blur"):
        prepare("gopro", make)


def test_a_preparation_that_fails_leaves_nothing_that_looks_whole(prepare, tmp_path):
    def make(root):
        layouts.gopro(root)
        path = root / "GOPRO_Large/test/X1/sharp/000048.png"
        os.truncate(path, path.stat().st_size // 2)

    with pytest.raises(ValueError, match=r"000048\.png: the file is truncated"):
        prepare("gopro", make)
    assert not (tmp_path / "prepared/gopro/1.0.0").exists()
    shutil.rmtree(tmp_path / "manual")
    assert len(prepare("gopro", layouts.gopro)["test"]) == 2


@pytest.mark.parametrize("name", MAKERS)
def test_training_reads_what_was_prepared(prepare, tmp_path, monkeypatch, name):
    splits = prepare(name, MAKERS[name])
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "prepared"))
    (train,) = open_sources(f"tfds:{name}", "train")
    expected = {e["name"]: e for e in splits["train"]}
    assert len(train) == len(expected)
    for index in range(len(train)):
        example = expected[train.name(index).removeprefix(f"{name}/train/").encode()]
        degraded, clean = train.images(index)
        np.testing.assert_array_equal(degraded, example["input"])
        np.testing.assert_array_equal(clean, example["target"])
    held_out = open_sources(f"tfds:{name}", "val")
    assert len(held_out) == len(splits) - 1
    degraded, clean = next(iter(training_pipeline(train, patch=16, batch=2)))
    assert degraded.shape == clean.shape == (2, 16, 16, 3)


def test_data_not_downloaded_says_where_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    with pytest.raises(ValueError, match=r"GOPRO_Large\.zip\. Put it into a folder gopro/"):
        open_sources("tfds:gopro", "train")


def test_record_offsets_against_tensorflow_and_a_file_cut_short(tmp_path):
    path = tmp_path / "a.tfrecord"
    contents = [b"one", b"", b"three" * 100]
    with tf.io.TFRecordWriter(str(path)) as writer:
        for content in contents:
            writer.write(content)
    begins, lengths = record_offsets(path)
    raw = path.read_bytes()
    assert [raw[b : b + n] for b, n in zip(begins, lengths, strict=True)] == contents
    for size in (len(raw) - 1, 5):
        os.truncate(path, size)
        with pytest.raises(ValueError, match="truncated"):
            record_offsets(path)
