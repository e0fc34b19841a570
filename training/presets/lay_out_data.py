"""Lays out the photographs that the presets are trained on.

    python training/presets/lay_out_data.py --from DIR --to runs/preset_data

DIR holds manifests/train.csv with the columns task, set, degraded, clean, license, and the images
that it names. Photographs are shrunk to several sizes: small ones are as sharp as a test set, of
large ones every detail is smooth. Whole photographs, and the last quarter of the SIDD pairs, are
held back for validation. The folders are what `training/train.py --data` takes; `small` holds what
is sharp to the last pixel: photographs shrunk further, and the sharp frames of `motion`. What is
scored (manifests/eval.csv, three scenes of real noise, a sequence of real blur) is left out; an
image that is also scored, by its content and whatever its name, is refused.
"""

import argparse
import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from hinet_tf.training.presets.test_sets import is_scored

from hinet_tf.command_line import EXIT_DONE, CommandParser, UsageError, run_command
from hinet_tf.files import atomic_path

# Long sides in pixels. Kodak's photographs have 768, on which the denoiser is measured.
PHOTO_SIZES = (1024, 768, 512, 384)
SMALL_SIZES = (448, 320)
# One photograph in this many validates; so do this many of the last SIDD pairs.
HELD_BACK_PHOTOS, HELD_BACK_SIDD = 13, 4
# Motion blur of a frame and of its shrunk copies: REDS frames here have a quarter of their size.
MOTION_SHRINKS = {"gopro14": (1, 2, 4), "gopro_372": (1, 2), "reds60": (1,)}
# Which of the copies are sharp enough for `small`.
SHARP_SHRINKS = {"gopro14": (2, 4), "gopro_372": (), "reds60": (1,)}
# Two files hold one image if their thumbnails of so many pixels differ by at most so many levels
# on average: resizing and compression leave less than 1, different frames of a video 3 and more.
_THUMBNAIL, _SAME = 32, 2.0


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = CommandParser(__doc__)
    parser.add_argument("--from", dest="source", type=Path, required=True, metavar="DIR")
    parser.add_argument("--to", dest="target", type=Path, required=True, metavar="DIR")
    return parser.parse_args(argv)


def lay_out(source: Path, target: Path) -> dict[str, int]:
    """Writes the folders `photos`, `small`, `sidd` and `motion`.

    Args:
        source: Folder with `manifests/train.csv`.
        target: Folder to write to.

    Returns:
        The number of images or pairs of each split of each folder.

    Raises:
        UsageError: If there is no manifest, or an image that it names is missing.
    """
    rows = [row for row in _rows(source, "train") if not is_scored(row)]
    _refuse_test_images(source, rows)
    counts: Counter[str] = Counter()

    def frame(column: str, folder: str, row: dict[str, str], shrink: int) -> None:
        name = f"{row['set']}_{Path(row['clean']).stem}_{shrink}.png"
        _shrink(source / row[column], target / folder / name, shrink)

    def pair(folder: str, split: str, row: dict[str, str], shrink: int = 1) -> None:
        frame("degraded", f"{folder}/{split}/input", row, shrink)
        frame("clean", f"{folder}/{split}/target", row, shrink)
        counts[f"{folder}/{split}"] += 1

    def photo(folder: str, split: str, row: dict[str, str], side: int) -> None:
        name = f"{Path(row['clean']).stem}_{side}.png"
        _shrink(source / row["clean"], target / folder / split / name, side=side)
        counts[f"{folder}/{split}"] += 1

    photos = [row for row in rows if row["task"] == "clean"]
    for number, row in enumerate(photos):
        held_back = number % HELD_BACK_PHOTOS == HELD_BACK_PHOTOS - 1
        split = "val" if held_back else "train"
        for size in (768,) if held_back else PHOTO_SIZES:
            photo("photos", split, row, size)
        for size in SMALL_SIZES[-1:] if held_back else SMALL_SIZES:
            photo("small", split, row, size)

    noisy = [row for row in rows if row["task"] == "denoise"]
    held_back = [row for row in noisy if row["set"] == "sidd_val65"][-HELD_BACK_SIDD:]
    for row in noisy:
        pair("sidd", "val" if row in held_back else "train", row)

    for name, shrinks in MOTION_SHRINKS.items():
        chosen = [row for row in rows if row["set"] == name]
        for number, row in enumerate(chosen):
            # Of the sequence alone that other pairs do not show.
            held_back = number == len(chosen) - 1 and name != "gopro_372"
            for shrink in shrinks[-1:] if held_back else shrinks:
                pair("motion", "val" if held_back else "train", row, shrink)
            for shrink in () if held_back else SHARP_SHRINKS[name]:
                frame("clean", "small/train", row, shrink)
                counts["small/train"] += 1
    return dict(counts)


def _refuse_test_images(source: Path, rows: list[dict[str, str]]) -> None:
    """Compares what trains with what is scored: a score on a scene that was seen is none."""
    scored = [row for row in _rows(source, "train") if is_scored(row)]
    scored += _rows(source, "eval")
    tests = {row["clean"]: _thumbnail(source / row["clean"]) for row in scored}
    for path in {row["clean"] for row in rows} if tests else ():
        thumbnail = _thumbnail(source / path)
        for test, other in tests.items():
            if np.abs(thumbnail - other).mean() <= _SAME:
                raise UsageError(
                    f"{source / path} shows the test image {test}: take it out of "
                    "manifests/train.csv"
                )


def _thumbnail(path: Path) -> np.ndarray:
    import pyvips

    try:
        image = pyvips.Image.new_from_file(str(path), revalidate=True)
        image = image.thumbnail_image(_THUMBNAIL, height=_THUMBNAIL, size="force")
        return image.colourspace("b-w")[0].numpy().astype(np.float32)
    except pyvips.Error as error:
        raise ValueError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


def _rows(source: Path, split: str) -> list[dict[str, str]]:
    manifest = source / "manifests" / f"{split}.csv"
    if not manifest.is_file():
        # Without test images nothing can be taken from them.
        if split == "eval":
            return []
        raise UsageError(f"{manifest} is not there; expected a folder with manifests/train.csv")
    with manifest.open(newline="") as file:
        reader = csv.DictReader(file)
        missing = {"task", "set", "degraded", "clean"} - set(reader.fieldnames or ())
        if missing:
            raise UsageError(f"{manifest} has no column {', '.join(sorted(missing))}")
        rows = list(reader)
    for path in (source / path for row in rows for path in _paths(row)):
        if not path.is_file():
            raise UsageError(f"{manifest} names {path}, which is not there")
    # One row for each photograph: the large JPEGs stand behind the small PNGs of the same name.
    return list({(row["task"], Path(row["clean"]).stem): row for row in rows}.values())


def _paths(row: dict[str, str]) -> Iterator[str]:
    yield row["clean"]
    if row["degraded"]:
        yield row["degraded"]


def _shrink(path: Path, target: Path, shrink: int = 1, side: int | None = None) -> None:
    import pyvips

    try:
        image = pyvips.Image.new_from_file(str(path), fail_on="truncated", revalidate=True)
        factor = 1 / shrink if side is None else min(1.0, side / max(image.width, image.height))
        image = image.resize(factor, kernel="lanczos3") if factor < 1 else image
        with atomic_path(target) as temporary:
            image.pngsave(str(temporary))
    except pyvips.Error as error:
        raise ValueError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


def run(args: argparse.Namespace) -> int:
    """Lays the data out; returns the exit code."""
    for name, count in lay_out(args.source, args.target).items():
        print(f"{args.target / name}: {count}")
    return EXIT_DONE


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    args = parse_args(argv)
    return run_command(lambda: run(args))


if __name__ == "__main__":
    raise SystemExit(main())
