"""Finding out what is wrong with a folder of images before hours are trained on it."""

import functools
import hashlib
import itertools
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from skimage.registration import phase_cross_correlation

from hinet_tf.data.sources.file_source import FileSource, clean_folder, paired_folder
from hinet_tf.data.sources.image_files import ShowProgress, no_progress
from hinet_tf.images.header import decode_file
from hinet_tf.images.image_file_error import ImageFileError
from hinet_tf.metrics.psnr import psnr

# A pair this far from the median PSNR, and five robust standard deviations, is out of line.
_PSNR_DISTANCE = 6.0
# A shift is reported where undoing it brings the images this much closer.
_SHIFT_GAIN = 1.0


@dataclass(frozen=True)
class Problem:
    """Something wrong with a file or a pair, and what to do about it.

    Args:
        message: Names the file, what is wrong and what to do.
        usable: Whether training would use the file all the same.

    Example:
    >>> Problem("a.png: the file is empty; copy it again.", usable=False)
    Problem(message='a.png: the file is empty; copy it again.', usable=False)
    """

    message: str
    usable: bool


@dataclass
class SplitReport:
    """What was found in one split of a folder.

    Args:
        split: `"train"`, `"val"`, `"test"`, or `"all"` where the folder has no splits.
        paired: Whether there are degraded partners.
        usable: Number of usable images or pairs.
        sizes: Smallest and largest `(height, width)`, by the shorter side: what a patch must fit.
        kinds: How many files there are of each format, depth and channel count.
        psnr: Quartiles of the PSNR between partners in dB; `None` for clean images.
        problems: What is wrong.

    Example:
    >>> report = SplitReport("train", paired=True)
    """

    split: str
    paired: bool
    usable: int = 0
    sizes: tuple[tuple[int, int], ...] = ()
    kinds: dict[str, int] = field(default_factory=dict)
    psnr: tuple[float, float, float] | None = None
    problems: list[Problem] = field(default_factory=list)

    def add(self, message: object, usable: bool = True) -> None:
        """Notes a problem; see `Problem`."""
        self.problems.append(Problem(str(message), usable))


def check_folder(folder: Path, progress: ShowProgress = no_progress) -> list[SplitReport]:
    """Decodes everything in a paired or a clean folder and reports what is there.

    Args:
        folder: The folder.
        progress: Wraps an iterable of known length to show progress; gets its title as well.

    Returns:
        One report for each split.

    Raises:
        FileNotFoundError: If there is no such folder.

    Example:
    >>> reports = check_folder(Path("gopro"))
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder; expected a folder of images.")
    splits = [part for part in ("train", "val", "test") if (folder / part).is_dir()]
    owners: dict[bytes, tuple[str, Path]] = {}
    reports = []
    for split in splits or ["all"]:
        paired = (folder / split / "input").is_dir() or (folder / split / "target").is_dir()
        report = SplitReport(split, paired)
        unusable = functools.partial(report.add, usable=False)
        try:
            source = (paired_folder if paired else clean_folder)(folder, split, unusable)
        except (ValueError, FileNotFoundError) as error:
            unusable(error)
        else:
            _check_source(source, report, owners, progress)
        reports.append(report)
    return reports


def _check_source(source: FileSource, report: SplitReport, owners: dict, progress) -> None:
    scores: list[tuple[str, float]] = []
    good = []
    for index in progress(range(len(source)), report.split):
        header, *partners = (side[index] for side in source.sides)
        try:
            clean = decode_file(header)
            _check_repeated(clean, header.path, report, owners)
            for partner in partners:
                score = _check_pair(decode_file(partner), clean, partner.path, report)
                if score is not None:
                    scores.append((str(partner.path), score))
        except ImageFileError as error:
            report.add(error, usable=False)
            continue
        good.append(header)
    report.usable = len(good)
    sizes = sorted({(h.height, h.width) for h in good}, key=lambda size: (min(size), max(size)))
    report.sizes = tuple(sizes[:: max(len(sizes) - 1, 1)])
    for header in itertools.chain(*source.sides):
        kind = f"{header.format} {header.bits}-bit {'gray' if header.channels == 1 else 'RGB'}"
        report.kinds[kind] = report.kinds.get(kind, 0) + 1
    _check_scores(scores, report)


def _check_repeated(image: np.ndarray, path: Path, report: SplitReport, owners: dict) -> None:
    content = hashlib.blake2b(image.tobytes(), digest_size=16).digest()
    split, first = owners.setdefault(content, (report.split, path))
    if first == path:
        return
    # Many degraded versions of one clean image are usual within a split: rain, noise levels.
    if split != report.split:
        report.add(
            f"{path} is also {first} of {split}; a score on it would be worthless, remove one."
        )
    elif not report.paired:
        report.add(f"{path} equals {first}; remove one.")


def _check_pair(degraded, clean, path: Path, report: SplitReport) -> float | None:
    """Returns the PSNR of a pair, or `None` where something is wrong that explains it."""
    degraded, clean = (_luma(image) for image in (degraded, clean))
    score = psnr(degraded, clean)
    if np.isinf(score):
        report.add(f"{path} equals its target; put the degraded image there.")
        return None
    shift = phase_cross_correlation(clean, degraded, normalization=None)[0].astype(int)
    if shift.any() and np.all(np.abs(shift) < np.array(clean.shape) // 4):
        moved = np.roll(degraded, shift, axis=(0, 1))
        # Without what came in from the other side.
        inner = tuple(
            np.s_[max(by, 0) : side + min(by, 0)]
            for by, side in zip(shift, clean.shape, strict=True)
        )
        if psnr(moved[inner], clean[inner]) > score + _SHIFT_GAIN:
            report.add(
                f"{path} is shifted against its target by {-shift[0]} rows and {-shift[1]} "
                f"columns; align the two."
            )
            return None
    return score


def _check_scores(scores: list[tuple[str, float]], report: SplitReport) -> None:
    if not scores:
        return
    values = np.array([score for _, score in scores])
    low, median, high = np.percentile(values, [25, 50, 75])
    report.psnr = (float(low), float(median), float(high))
    # 1.4826 times the median distance is the standard deviation of a normal law.
    spread = 1.4826 * np.median(np.abs(values - median))
    for path, score in scores:
        if abs(score - median) > max(_PSNR_DISTANCE, 5 * spread):
            remedy = "see whether the two belong together" if score < median else "compare the two"
            report.add(
                f"{path} has {score:.1f} dB to its target where {median:.1f} dB is usual; {remedy}."
            )


def _luma(image: np.ndarray) -> np.ndarray:
    return image.mean(axis=-1, dtype=np.float32) / np.iinfo(image.dtype).max
