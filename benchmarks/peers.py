"""Other restorers beside the presets, on the very pixels that those are scored on.

    python benchmarks/peers.py --data DATA --task denoise --function my_module:restore
    pip install bm3d==4.0.3
    python benchmarks/peers.py --data DATA --task denoise --cbm3d --set kodak24_sigma25 sidd

A function takes a float32 image, (height, width, 3) in [0, 1], and gives one of the same shape; the
module is looked up in the current folder too. Each image is restored by one after the other and
scored as for the tables of the README. CBM3D is told the strength of white noise; of real noise,
which has no such number, the best of STRENGTHS by the clean image, which no user has. The package
is its authors' own, for non-commercial use only (Mäkinen, Azzari, Foi, "Collaborative
Filtering of Correlated Noise", IEEE Transactions on Image Processing 2020); nothing else here needs
it.
"""

import argparse
import importlib
import json
import re
import statistics
import sys
import time
from pathlib import Path

STRENGTHS = (5, 10, 15, 20, 30, 40)


class Timed:
    """Has the one method of a Restorer that scoring needs, and notes how long each call takes."""

    def __init__(self, restore) -> None:
        self._restore = restore
        self.seconds: list[float] = []

    def restore(self, image):
        """Restores a float image."""
        started = time.perf_counter()
        restored = self._restore(image)
        self.seconds.append(time.perf_counter() - started)
        return restored


def cbm3d(sigma: float):
    """CBM3D for noise of one strength, in levels of 255."""
    import numpy as np
    from bm3d import bm3d_rgb

    return lambda image: bm3d_rgb(image.astype(np.float64), sigma / 255).astype(np.float32)


def told(key: str, clean):
    """CBM3D told the strength of a set's noise, or the one that is best for this clean image."""
    import numpy as np

    strength = re.search(r"sigma(\d+)", key)
    if strength:
        return cbm3d(float(strength[1]))

    def best(image):
        results = [cbm3d(sigma)(image) for sigma in STRENGTHS]
        return min(results, key=lambda result: float(np.mean((result - clean / 255) ** 2)))

    return best


def function(name: str):
    """Looks a function up by `module:name`."""
    sys.path.insert(0, "")
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="with manifests/eval.csv")
    parser.add_argument("--task", default="denoise")
    parser.add_argument("--function", action="append", default=[], metavar="MODULE:NAME")
    parser.add_argument("--cbm3d", action="store_true")
    parser.add_argument("--set", nargs="+", help="keys of test sets (default: all)")
    parser.add_argument("--limit", type=int, help="the first N images, to try it out")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/peers.json"))
    args = parser.parse_args()
    from hinet_tf.training.presets.test_sets import preset_test_sets

    import hinet_tf
    from hinet_tf.evaluation.scoring import score_pairs, summarize

    chosen = [name for name, card in hinet_tf.presets().items() if card["task"] == args.task]
    exact = {"engine": "tensorflow", "precision": "float32"}
    fixed = {name: Timed(hinet_tf.Restorer(name, **exact).restore) for name in chosen}
    fixed |= {name: Timed(function(name)) for name in args.function}
    results = {}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    for test_set in preset_test_sets(args.task, args.data):
        if args.set and test_set.key not in args.set:
            continue
        scores = {name: [] for name in [*fixed, *["CBM3D"] * args.cbm3d]}
        seconds = {name: [] for name in scores}
        for pair in test_set.pairs[: args.limit]:
            peers = dict(fixed)
            if args.cbm3d:
                peers["CBM3D"] = Timed(told(test_set.key, pair.clean))
            for name, peer in peers.items():
                scores[name] += score_pairs(peer, [pair], [test_set.protocol], test_set.output)
                seconds[name].append(peer.seconds[-1])
        for name, pairs in scores.items():
            before, after = (
                summarize(pairs)[key][test_set.protocol]["psnr"] for key in ("degraded", "restored")
            )
            took = statistics.median(seconds[name])
            title = f"{test_set.title}, {name}"
            print(f"{title}: {before:.2f} -> {after:.2f} dB, {took:.2f} s", flush=True)
            results[title] = {"input": before, "restored": after, "seconds": took}
        args.out.write_text(json.dumps(results, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
