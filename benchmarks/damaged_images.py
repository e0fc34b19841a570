"""Reads the same damaged image files with this project's reader, Pillow and OpenCV.

    pip install opencv-python-headless
    PYTHONPATH=. python benchmarks/damaged_images.py --count 1000

The files are the first of `make fuzz`, seed 0. Each reader runs in a process of its own, which is
started anew after a crash or a hang.
"""

import argparse
import importlib.util
import random
import select
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.fuzz.mutants import image_files, mutant

HANG_SECONDS, MUCH_MEMORY = 20, 2_000
_CHILD = """
import re, sys
from pathlib import Path
reader = sys.argv[1]
if reader == "hinet-tf":
    from hinet_tf.images.image_file import open_image
    from hinet_tf.images.image_file_error import ImageFileError as refusal
    read = lambda path: open_image(path).read()
elif reader == "Pillow":
    from PIL import Image, UnidentifiedImageError
    # What Pillow documents for files that are none or cannot be decoded.
    refusal = (UnidentifiedImageError, OSError)
    read = lambda path: Image.open(path).load()
else:
    import cv2
    refusal = FileNotFoundError
    def read(path):
        if cv2.imread(path, cv2.IMREAD_UNCHANGED) is None:
            raise FileNotFoundError
for path in map(str.strip, sys.stdin):
    try:
        read(path)
        answer = "answered"
    except refusal:
        answer = "refused"
    except BaseException as error:
        answer = f"another error"
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
    print(answer, peak, flush=True)
"""


class Child:
    """A process that reads one file after the other with one reader."""

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._process = None

    def read(self, path: Path) -> str:
        """Returns what became of a file, by one word or two."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _CHILD, self._reader],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], HANG_SECONDS)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            self._process.kill()
            self._process = None
            return "crash" if ready else "hang"
        answer, peak = line.rsplit(maxsplit=1)
        return "above 2 GB" if float(peak) > MUCH_MEMORY else answer


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    args = parser.parse_args()
    readers = ["hinet-tf", "Pillow"]
    if importlib.util.find_spec("cv2"):
        readers.append("OpenCV")
    else:
        print("OpenCV is missing: pip install opencv-python-headless", file=sys.stderr)
    rng, files = random.Random(0), image_files()
    contents = [mutant(rng, files) for _ in range(args.count)]
    cut = [any(len(c) < len(whole) and whole.startswith(c) for whole in files) for c in contents]
    kinds = ("answered", "refused", "another error", "crash", "hang", "above 2 GB")
    print(f"| reader | {' | '.join(kinds)} | of {sum(cut)} cut short, answered |")
    print("|---|" + "---:|" * (len(kinds) + 1))
    with tempfile.TemporaryDirectory() as folder:
        for reader in readers:
            child, counts, halves = Child(reader), Counter(), 0
            for number, content in enumerate(contents):
                path = Path(folder) / f"{reader}{number}"
                path.write_bytes(content)
                answer = child.read(path)
                counts[answer] += 1
                halves += cut[number] and answer == "answered"
                path.unlink()
            print(f"| {reader} | {' | '.join(str(counts[k]) for k in kinds)} | {halves} |")


if __name__ == "__main__":
    main()
