"""The small test sets that presets are scored on."""

import csv
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from hinet_tf.data import ImagePair, random_numbers
from hinet_tf.data.degradations import CorrelatedNoise, Degradation, GaussianNoise
from hinet_tf.images.image_file import open_image
from hinet_tf.images.pixel_format import to_uint8

_SIGMAS = (15, 25, 50)
_QUALITIES = (10, 20, 30, 40)
_SEED = 2024
# Scored, of sets whose other images train. Real noise: three scenes that no training shows; the
# others show the chess board of SIDD's page, which every denoiser here was trained on. Real blur:
# the one sequence of GoPro that no training showed, neither blurred nor sharp.
_HELD_BACK = {
    "sidd_crops": ("yd_00", "yd_05", "yd_08"),
    "gopro14": ("GOPR0386_11_00_000275",),
}
# The published denoisers' Kodak24 is the middle of each photograph (cszn/FFDNet, testsets).
_MIDDLE = 500


class PresetTestSet(NamedTuple):
    """A test set with its name, and how it is scored.

    Example:
    >>> PresetTestSet("rain100L", "Rain100L, Y", "hinet_y", "uint8", []).protocol
    'hinet_y'
    """

    key: str
    title: str
    protocol: str
    output: str
    pairs: list[ImagePair]


def preset_test_sets(task: str, data: Path) -> list[PresetTestSet]:
    """Returns the test sets of a task; images are read when they are scored.

    Args:
        task: `"denoise"`, `"dejpeg"`, `"deblur"` or `"derain"`.
        data: Folder with `manifests/eval.csv` and the images it names. What is held back
            from `manifests/train.csv` is looked up there, and left out where that has none.

    Returns:
        The sets; the last one holds clean photographs, which a preset should leave as they are.

    Raises:
        ValueError: If the manifest or an image is missing.
    """
    rows = _rows(data, "eval")
    kodak = _pairs(data, rows, "kodak24")
    clean = _set("clean", "clean photo", kodak, _untouched, task)
    if task == "denoise":
        sets = [
            _set(f"kodak24_sigma{s}", f"Kodak24, σ {s}", kodak, _white(s), task) for s in _SIGMAS
        ]
        sets.append(
            _set("kodak24_500_sigma25", "500×500, σ 25", kodak, _white(25), task, crop=_MIDDLE)
        )
        # What people have: a file of a camera, with its noise in it.
        sets.append(_set("kodak24_sigma25_jpeg", "σ 25, then JPEG 90", kodak, _noisy_jpeg, task))
        # And what a camera's own denoising leaves, from gray to coloured.
        sets.append(_set("kodak24_coarse", "coarse noise, σ 8", kodak, _coarse_noise, task))
        sets += _held_back(data, "sidd_crops", "sidd", "SIDD, {} unseen scenes", "float")
    elif task == "dejpeg":
        sets = [
            _set(f"kodak24_quality{q}", f"Kodak24, quality {q}", kodak, _jpeg(q), task)
            for q in _QUALITIES
        ]
    elif task == "deblur":
        pairs = _pairs(data, rows, "reds60")
        sets = [PresetTestSet("reds", f"REDS, {len(pairs)} frames", "matlab", "uint8", pairs)]
        sets += _held_back(
            data, "gopro14", "gopro", "GoPro, {} frame of an unseen sequence", "uint8"
        )
    else:
        sets = [
            PresetTestSet(
                name,
                f"{name[0].upper()}{name[1:]}, Y",
                "hinet_y",
                "uint8",
                _pairs(data, rows, name),
            )
            for name in ("rain100L", "rain100H")
        ]
    return [*sets, clean]


def is_scored(row: Mapping[str, str]) -> bool:
    """Whether a row of `manifests/train.csv` is scored, and therefore trains nothing."""
    return Path(row["clean"]).stem in _HELD_BACK.get(row["set"], ())


def _held_back(data: Path, name: str, key: str, title: str, output: str) -> list[PresetTestSet]:
    """The scored images of a set that trains, none where the manifest has none."""
    rows = [row for row in _rows(data, "train") if row["set"] == name and is_scored(row)]
    pairs = _pairs(data, rows, name) if rows else []
    titled = title.format(len(pairs))
    return [PresetTestSet(key, titled, "matlab", output, pairs)] if pairs else []


def _rows(data: Path, split: str) -> list[dict[str, str]]:
    manifest = data / "manifests" / f"{split}.csv"
    if not manifest.is_file():
        if split == "train":
            return []
        raise ValueError(f"{manifest} is not there; expected a folder with manifests/eval.csv.")
    with manifest.open(newline="") as file:
        return list(csv.DictReader(file))


def _pairs(data: Path, rows: list[dict[str, str]], name: str) -> list[ImagePair]:
    """The rows of a set; a row without degraded image stands for the clean one twice."""
    pairs = []
    for row in (row for row in rows if row["set"] == name):
        clean = data / row["clean"]
        degraded = data / row["degraded"] if row["degraded"] else clean
        for path in (clean, degraded):
            if not path.is_file():
                raise ValueError(f"{data / 'manifests'} names {path}, which is not there.")
        pairs.append(ImagePair(clean.stem, lambda d=degraded, c=clean: (_read(d), _read(c))))
    if not pairs:
        raise ValueError(f"{data / 'manifests/eval.csv'} names no image of the set {name}.")
    return pairs


def _read(path: Path) -> np.ndarray:
    return open_image(path).read()[..., :3]


def _set(
    key: str,
    title: str,
    clean: list[ImagePair],
    degrade: Callable[[np.ndarray, int], np.ndarray],
    task: str,
    crop: int | None = None,
) -> PresetTestSet:
    """A set of clean photographs, degraded by a function of the photograph and its number."""

    def pair(number: int, photo: ImagePair) -> ImagePair:
        def read() -> tuple[np.ndarray, np.ndarray]:
            target = middle(photo.clean, crop) if crop else photo.clean
            return degrade(target, number), target

        return ImagePair(photo.name, read)

    pairs = [pair(number, photo) for number, photo in enumerate(clean)]
    return PresetTestSet(key, title, "matlab", "float" if task == "denoise" else "uint8", pairs)


def middle(image: np.ndarray, height: int, width: int | None = None) -> np.ndarray:
    """The middle of an image: a square, or a rectangle of `height` and `width`."""
    width = width or height
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]


def _untouched(clean: np.ndarray, number: int) -> np.ndarray:
    return clean


def _white(sigma: float) -> Callable[[np.ndarray, int], np.ndarray]:
    return _degraded_by(GaussianNoise(sigma, clip=False))


def _degraded_by(noise: Degradation) -> Callable[[np.ndarray, int], np.ndarray]:
    def degrade(clean: np.ndarray, number: int) -> np.ndarray:
        seed = random_numbers.fold_in(_SEED, number)
        return np.asarray(noise(clean.astype(np.float32) / 255, seed))

    return degrade


def _coarse_noise(clean: np.ndarray, number: int) -> np.ndarray:
    return to_uint8(_degraded_by(CorrelatedNoise(8, grain=1))(clean, number))


def _noisy_jpeg(clean: np.ndarray, number: int) -> np.ndarray:
    return _jpeg(90)(to_uint8(_white(25)(clean, number)), number)


def _jpeg(quality: int) -> Callable[[np.ndarray, int], np.ndarray]:
    def degrade(clean: np.ndarray, number: int) -> np.ndarray:
        file = io.BytesIO()
        Image.fromarray(clean).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file))

    return degrade
