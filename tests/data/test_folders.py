"""Folders of images, good and bad."""

import os

import numpy as np
import pytest
from PIL import Image

from hinet_tf.data import clean_folder, open_sources, paired_folder
from hinet_tf.data.sources.image_files import image_files
from hinet_tf.images import header as headers_module


def save(path, seed=0, size=(20, 24)):
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    Image.fromarray(values).save(path)


@pytest.fixture
def pairs(tmp_path):
    for number in range(4):
        save(tmp_path / "train" / "input" / f"{number}.png", number)
        save(tmp_path / "train" / "target" / f"{number}.webp", 10 + number)
    return tmp_path


def test_paired_folder(pairs):
    source = paired_folder(pairs, "train")
    assert source.names == ("0", "1", "2", "3") and source.paired
    degraded, _ = source.images(2)
    np.testing.assert_array_equal(degraded, Image.open(pairs / "train/input/2.png"))


def test_clean_folder_holds_images_back(tmp_path):
    for number in range(45):
        save(tmp_path / f"sub{number % 2}" / f"{number:02d}.jpg", number)
    train, val = (clean_folder(tmp_path, split) for split in ("train", "val"))
    assert len(train) + len(val) == 45 and 1 <= len(val) <= 6
    assert not set(train.names) & set(val.names)
    assert not train.paired and train.images(0)[0] is None


def test_an_image_that_joins_a_folder_moves_no_other(tmp_path):
    splits = {}
    for number in range(64):
        save(tmp_path / f"{number * 37 % 64:02d}.jpg", number)
        if number:
            for split in ("train", "val"):
                names = set(clean_folder(tmp_path, split).names)
                if number > 40:
                    assert splits[split] <= names
                splits[split] = names
            assert not splits["train"] & splits["val"]
            assert len(splits["train"]) + len(splits["val"]) == number + 1
            # Few images: one of them at least, and never all.
            assert splits["train"] and splits["val"]


def test_clean_folder_with_splits(tmp_path):
    save(tmp_path / "train" / "a.png")
    save(tmp_path / "val" / "b.png")
    assert clean_folder(tmp_path, "train").names == ("train/a",)
    assert clean_folder(tmp_path, "val").names == ("val/b",)


def test_open_sources_takes_what_the_user_names(pairs):
    several = open_sources(f"{pairs},builtin", "train", cache="none")
    assert [len(source) for source in several] == [4, 4]
    assert [source.paired for source in several] == [True, False]


def test_a_missing_val_split_falls_back_to_test(pairs):
    save(pairs / "test" / "input" / "9.png")
    save(pairs / "test" / "target" / "9.png", 1)
    assert open_sources(str(pairs), "val")[0].names == ("9",)


@pytest.mark.parametrize("cache", ["memory", "none", "disk"])
def test_caches_hold_the_same_images(pairs, tmp_path_factory, cache):
    if cache == "disk":
        cache = str(tmp_path_factory.mktemp("cache"))
    plain = paired_folder(pairs, "train")
    for _ in range(2):
        (held,) = open_sources(str(pairs), "train", cache=cache)
        for index in range(4):
            for ours, theirs in zip(held.images(index), plain.images(index), strict=True):
                np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_progress_is_shown_while_images_are_decoded(pairs, tmp_path_factory, cache):
    cache = cache if cache == "memory" else str(tmp_path_factory.mktemp("cache"))
    seen = []

    def progress(numbers, title):
        for number in numbers:
            seen.append((title, number))
            yield number

    open_sources(str(pairs), "train", cache=cache, progress=progress)
    assert seen == [("Decoding", number) for number in range(4)]


def test_disk_cache_follows_changed_images(pairs, tmp_path_factory):
    cache = str(tmp_path_factory.mktemp("cache"))
    open_sources(str(pairs), "train", cache=cache)
    save(pairs / "train" / "target" / "0.webp", 99)
    (held,) = open_sources(str(pairs), "train", cache=cache)
    expected = Image.open(pairs / "train/target/0.webp")
    np.testing.assert_array_equal(held.images(0)[1], expected)


def test_disk_cache_follows_an_image_of_the_same_size_and_date(tmp_path):
    path = tmp_path / "photos" / "train" / "a.png"
    path.parent.mkdir(parents=True)
    for level in (10, 200):
        Image.fromarray(np.full((32, 32, 3), level, np.uint8)).save(path, compress_level=0)
        os.utime(path, ns=(0, 0))
        (held,) = open_sources(str(tmp_path / "photos"), "train", cache=str(tmp_path / "cache"))
        assert np.all(held.images(0)[1] == level)


def test_disk_cache_cut_short_is_never_taken_for_a_whole_one(pairs, tmp_path_factory, monkeypatch):
    cache = tmp_path_factory.mktemp("cache")
    from hinet_tf.data.sources import disk_cache

    real, calls = disk_cache._example, []

    def full_disk(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise OSError(28, "No space left on device", str(cache))
        return real(*arguments)

    monkeypatch.setattr(disk_cache, "_example", full_disk)
    with pytest.raises(OSError, match="No space left"):
        open_sources(str(pairs), "train", cache=str(cache))
    assert list(cache.iterdir()) == []


def damaged(folder):
    """One of each kind of bad file, with what must be said of it."""
    # Of this name it is held back for validation.
    save(folder / "good_36.png")
    save(folder / "good.png")
    (folder / "zero.png").touch()
    save(folder / "cut.png")
    os.truncate(folder / "cut.png", 500)
    save(folder / "cut.jpg")
    os.truncate(folder / "cut.jpg", (folder / "cut.jpg").stat().st_size - 50)
    Image.new("CMYK", (9, 9)).save(folder / "cmyk.jpg")
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    frames[0].save(folder / "moving.webp", save_all=True, append_images=frames[1:])
    frames[0].save(folder / "moving.png", save_all=True, append_images=frames[1:])
    frames[0].save(folder / "pages.tif", save_all=True, append_images=frames[1:])
    (folder / "text.png").write_text("no image")
    Image.fromarray(np.zeros((4, 4), np.float32)).save(folder / "float.tif")
    (folder / "dangling.png").symlink_to(folder / "nowhere.png")
    return {
        "zero.png": "the file is empty",
        "cut.png": "the file is truncated",
        "cut.jpg": "the file is truncated",
        "cmyk.jpg": "the colours are CMYK",
        "moving.webp": "the file holds 2 frames",
        "moving.png": "the file holds 2 frames",
        "pages.tif": "the file holds 2 ",
        "text.png": "no PNG, JPEG, WebP or TIFF",
        "float.tif": "the values are float32",
        "dangling.png": "No such file",
    }


def test_every_bad_file_is_named_and_the_rest_usable(tmp_path):
    expected = damaged(tmp_path)
    problems = []
    assert clean_folder(tmp_path, "val", problems.append).names == ("good_36",)
    assert clean_folder(tmp_path, "train", problems.append).names == ("good",)
    assert len(problems) == len(expected)
    for name, message in expected.items():
        (problem,) = [str(problem) for problem in problems if name in str(problem)]
        assert message in problem


def test_without_skipping_the_first_bad_file_is_an_error(tmp_path):
    damaged(tmp_path)
    with pytest.raises((ValueError, OSError), match=str(tmp_path)):
        clean_folder(tmp_path, "train")


def test_an_image_larger_than_memory_is_named_before_it_is_decoded(tmp_path, monkeypatch):
    for number in range(2):
        save(tmp_path / f"{number}.png")
    monkeypatch.setattr(headers_module, "MAX_PIXELS", 100)
    with pytest.raises(ValueError, match=r"\.png: the image has more than 100 pixels"):
        clean_folder(tmp_path, "train")


def test_corruption_inside_is_found_when_it_is_decoded(tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        save(tmp_path / name, size=(64, 64))
    content = bytearray((tmp_path / "b.png").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (tmp_path / "b.png").write_bytes(content)
    with pytest.raises(ValueError, match=r"b\.png: the content is corrupt"):
        open_sources(str(tmp_path), "train", cache="memory")
    for cache in ("memory", str(tmp_path / "cache"), str(tmp_path / "cache")):
        problems = []
        (source,) = open_sources(str(tmp_path), "train", cache=cache, on_bad=problems.append)
        assert len(source) == 1 and len(problems) == 1 and "b.png" in str(problems[0])


def test_partners_that_do_not_fit(pairs):
    save(pairs / "train" / "input" / "lonely.png")
    save(pairs / "train" / "target" / "Upper.png")
    save(pairs / "train" / "input" / "upper.png")
    save(pairs / "train" / "input" / "2.jpg")
    save(pairs / "train" / "target" / "3.webp", size=(30, 30))
    problems = []
    source = paired_folder(pairs, "train", problems.append)
    assert source.names == ("0", "1")
    text = "\n".join(map(str, problems))
    assert "lonely.png in input/ has no partner" in text
    assert text.count("the names differ in case only") == 2
    assert "2.jpg and 2.png have one name" in text or "2.png have one name" in text
    assert "20x24 (height x width)" in text and "30x30" in text


@pytest.mark.parametrize("places", ["{}", "Train/{}", "TRAIN/{}", "train/{}"])
def test_pairs_in_other_places_are_not_taken_for_clean_images(tmp_path, places):
    sides = ("target",) if places == "train/{}" else ("Input", "Target")
    for side in sides:
        for number in range(3):
            save(tmp_path / places.format(side) / f"{number}.png", number)
    with pytest.raises(ValueError, match=r"arget/, and .* no pairs\. Expected .*/train/input and"):
        open_sources(str(tmp_path), "train")


def test_links_between_two_folders_end_and_are_named(tmp_path):
    for name, other in (("a", "b"), ("b", "a")):
        save(tmp_path / name / f"{name}.png")
        (tmp_path / name / "link").symlink_to(tmp_path / other)
    problems = []
    files = image_files(tmp_path, problems.append)
    assert [path.name for path in files] == ["a.png", "b.png", "b.png", "a.png"]
    assert len(problems) == 2 and "symbolic link to a folder above it" in str(problems[0])


def test_a_link_to_a_folder_above_ends_and_is_named(pairs):
    (pairs / "train" / "input" / "again").symlink_to(pairs / "train")
    (pairs / "train" / "input" / "itself").symlink_to("itself")
    problems = []
    assert len(paired_folder(pairs, "train", problems.append)) == 4
    assert "again is a symbolic link to a folder above it" in str(problems[0])
    with pytest.raises(ValueError, match="symbolic link"):
        image_files(pairs)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "`data` is empty"),
        ("nowhere", "'nowhere' is not there; expected builtin, a folder or tfds:NAME"),
        ("tfds:no_such_dataset", "tfds:no_such_dataset cannot be prepared"),
    ],
)
def test_data_that_is_not_there(data, message):
    with pytest.raises((ValueError, OSError), match=message):
        open_sources(data, "train")


def test_an_empty_folder(tmp_path):
    with pytest.raises(ValueError, match="no usable image for 'train'"):
        clean_folder(tmp_path, "train")
    for side in ("input", "target"):
        (tmp_path / "train" / side).mkdir(parents=True)
    with pytest.raises(ValueError, match="no usable pair"):
        paired_folder(tmp_path, "train")
