"""Resident memory of one Restorer over many images of random sizes.

    python benchmarks/memory_growth.py --images 2000 --engine tensorflow

Sizes are drawn once from a list that repeats, as a service meets them, so that the largest image
comes in the first quarter; what grows after it, stays.
"""

import argparse
import gc
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from hinet_tf import HINet, Restorer


def megabytes():
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--largest", type=int, default=256)
    parser.add_argument("--engine", default="tensorflow")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    restorer = Restorer(HINet(width=4), engine=args.engine)
    marks = {}
    for number in range(args.images + 1):
        if number and number % (args.images // 8) == 0:
            marks[number] = megabytes()
            print(f"{number} images: {marks[number]:.0f} MB", flush=True)
        height, width = rng.integers(16, args.largest + 1, 2)
        if number == args.images // 20:
            height = width = args.largest
        restorer.restore(rng.integers(0, 256, (height, width, 3), np.uint8))
    values = list(marks.values())
    print(f"second half: {100 * (values[-1] / values[len(values) // 2 - 1] - 1):+.1f} %")


if __name__ == "__main__":
    main()
