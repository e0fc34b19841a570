"""Attacks readers, served models, threads and running commands for as long as it is told to.

    python tests/fuzz/long_run.py --minutes 30 --seed 1
    python tests/fuzz/long_run.py --only images --minutes 5

Each part gets its share of the time and prints one line: what was tried, what was found, and by
how much the process grew. What breaks a rule is kept in --keep and makes the exit code 1. The same
seed makes the same attacks.
"""

import argparse
import io
import os
import random
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from tests.fuzz.kills import killed_commands
from tests.fuzz.mutants import image_files, mutant

# What fails is kept, but no more of one kind than this.
_KEPT = 20


class Findings:
    """Counts of one part, and the inputs that broke a rule.

    Args:
        folder: Where those inputs go.
        part: The part's name.
    """

    def __init__(self, folder: Path, part: str) -> None:
        self.counts: Counter[str] = Counter()
        self.wrong = 0
        self._folder, self._part = folder, part

    def fault(self, kind: str, content: bytes) -> None:
        """Counts a broken rule and keeps the input."""
        self.wrong += 1
        self.look(f"WRONG: {kind}", content)

    def look(self, kind: str, content: bytes) -> None:
        """Counts and keeps an input that somebody should look at."""
        self.counts[kind] += 1
        number = self.counts.total()
        if self.counts[kind] <= _KEPT:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"{self._part}_{number}").write_bytes(content)
            print(f"{self._part}: {kind}: {self._part}_{number}", file=sys.stderr)


def damaged_images(rng: random.Random, goes_on: Iterator[bool], found: Findings) -> None:
    """Every file ends in pixels or in `ImageFileError`; lossless ones have Pillow's pixels."""
    from hinet_tf.images.image_file import open_image
    from hinet_tf.images.image_file_error import ImageFileError

    files = image_files()
    with tempfile.TemporaryDirectory() as folder:
        # One path for all of them: nothing of the file before may come back.
        path = Path(folder) / "photo"
        for _ in goes_on:
            content = mutant(rng, files)
            path.write_bytes(content)
            begin = time.monotonic()
            try:
                opened = open_image(path)
                pixels = opened.read()
            except ImageFileError:
                found.counts["refused"] += 1
            except Exception as error:
                found.fault(f"{type(error).__name__}: {error}", content)
            else:
                found.counts["read"] += 1
                _compare(opened, pixels, content, found)
            if time.monotonic() - begin > 5:
                found.fault("took more than 5 s", content)


def _compare(opened: object, pixels: np.ndarray, content: bytes, found: Findings) -> None:
    """What Pillow reads of a lossless file of 8 bits is the same, turned or not."""
    if opened.turned or opened.dtype != np.uint8 or opened.format not in ("PNG", "TIFF"):
        return
    try:
        image = Image.open(io.BytesIO(content))
        if image.mode not in ("L", "RGB", "RGBA"):
            return
        other = np.asarray(image)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        found.counts["read, refused by Pillow"] += 1
        return
    except Exception:
        found.counts["read, crashed Pillow"] += 1
        return
    other = other.reshape(*other.shape[:2], -1)
    if other.shape == pixels.shape and np.array_equal(other, pixels):
        found.counts["equal to Pillow"] += 1
    else:
        found.look("other than Pillow", content)


def served_requests(rng: random.Random, goes_on: Iterator[bool], found: Findings) -> None:
    """A damaged file gets a reason or an image, and its whole neighbour what it gets alone."""
    import tensorflow as tf

    from hinet_tf import HINet, export_saved_model

    files = [file for file in image_files() if file[:4] in (b"\x89PNG", b"RIFF")]
    files += [file for file in image_files() if file[:2] == b"\xff\xd8"]
    with tempfile.TemporaryDirectory() as folder:
        path = export_saved_model(HINet(width=2, depth=2, hin_levels=(0,)), folder).path
        served = tf.saved_model.load(str(path))
        restore = served.signatures["serving_default"]

        def answer(contents: list[bytes]) -> tuple[list[bytes], list[bytes]]:
            result = restore(image_bytes=tf.constant(contents))
            return list(result["restored_bytes"].numpy()), list(result["error"].numpy())

        whole = files[0]
        alone = answer([whole])[0][0]
        for _ in goes_on:
            content = mutant(rng, files)
            try:
                restored, problems = answer([content, whole])
            except tf.errors.OpError as error:
                found.fault(f"request failed: {error.message[:120]}", content)
                continue
            if restored[1] != alone:
                found.fault("the neighbour's answer changed", content)
            if bool(restored[0]) == bool(problems[0]):
                found.fault("neither an image nor a reason", content)
            found.counts["answered" if restored[0] else "refused"] += 1


def threads(rng: random.Random, goes_on: Iterator[bool], found: Findings) -> None:
    """Eight threads with one Restorer each get what they get alone."""
    from hinet_tf import HINet, Restorer

    restorer = Restorer(HINet(width=2, depth=2, hin_levels=(0,)), tile=64, overlap=16)
    images = [
        np.random.default_rng(number).integers(0, 256, (rng.randrange(16, 90), 48, 3), np.uint8)
        for number in range(8)
    ]
    expected = [restorer.restore(image) for image in images]

    def work(number: int) -> None:
        if not np.array_equal(restorer.restore(images[number]), expected[number]):
            found.fault("another thread's pixels", bytes([number]))

    for _ in goes_on:
        order = rng.sample(range(8), 8)
        workers = [threading.Thread(target=work, args=(number,)) for number in order]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        found.counts["restored"] += len(workers)


PARTS: dict[str, tuple[Callable[..., None], float]] = {
    "images": (damaged_images, 0.35),
    "served": (served_requests, 0.25),
    "threads": (threads, 0.1),
    "kills": (killed_commands, 0.3),
}


def _megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the attacks; returns 1 if a rule was broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--keep", type=Path, default=Path("fuzz_findings"), metavar="DIR")
    args = parser.parse_args(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    parts = {name: PARTS[name] for name in args.only or PARTS}
    total = sum(share for _, share in parts.values())
    wrong = 0
    for name, (attack, share) in parts.items():
        found = Findings(args.keep, name)
        seconds = 60 * args.minutes * share / total
        middle: list[float] = []

        def goes_on(seconds: float = seconds, middle: list = middle) -> Iterator[bool]:
            # From the first turn on: what is made before takes its own time.
            begin = time.monotonic()
            while time.monotonic() < begin + seconds:
                if not middle and time.monotonic() > begin + seconds / 2:
                    middle.append(_megabytes())
                yield True

        attack(random.Random(args.seed), goes_on(), found)
        wrong += found.wrong
        growth = _megabytes() - middle[0] if middle else 0.0
        counts = ", ".join(f"{count:,} {kind}" for kind, count in sorted(found.counts.items()))
        print(f"{name}: {counts}; {growth:+.0f} MB in the second half, {seconds:.0f} s", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
