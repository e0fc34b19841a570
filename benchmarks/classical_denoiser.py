"""CBM3D beside the denoising presets, on the noisy photographs that those are scored on.

    pip install bm3d==4.0.3
    python benchmarks/classical_denoiser.py --data DATA

Each photograph is restored by one after the other, from the same noise to the last bit, and scored
as for the table of the README. CBM3D is told the strength of the noise; the presets are not. The
package is its authors' own, for non-commercial use only (Mäkinen, Azzari, Foi, "Collaborative
Filtering of Correlated Noise", IEEE Transactions on Image Processing 2020); nothing else here
needs it.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

SIGMAS = (15, 25, 50)
PRESETS = ("denoise_0.25x", "denoise_0.125x")


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


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="with manifests/eval.csv")
    parser.add_argument("--limit", type=int, help="the first N photographs, to try it out")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/cbm3d.json"))
    args = parser.parse_args()
    from hinet_tf.training.presets.test_sets import preset_test_sets

    from hinet_tf import Restorer
    from hinet_tf.evaluation.scoring import score_pairs, summarize

    presets = {name: Restorer(name) for name in PRESETS}
    test_sets = {test_set.key: test_set for test_set in preset_test_sets("denoise", args.data)}
    results = {}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    for sigma in SIGMAS:
        test_set = test_sets[f"kodak24_sigma{sigma}"]
        denoisers = {"cbm3d": Timed(cbm3d(sigma))}
        denoisers |= {name: Timed(restorer.restore) for name, restorer in presets.items()}
        scores = {name: [] for name in denoisers}
        for pair in test_set.pairs[: args.limit]:
            for name, denoiser in denoisers.items():
                scores[name] += score_pairs(denoiser, [pair], [test_set.protocol], test_set.output)
        for name, denoiser in denoisers.items():
            before, after = (
                summarize(scores[name])[key][test_set.protocol]["psnr"]
                for key in ("degraded", "restored")
            )
            seconds = statistics.median(denoiser.seconds)
            title = f"{test_set.title}, {name}"
            print(f"{title}: {before:.2f} -> {after:.2f} dB, {seconds:.2f} s", flush=True)
            results[title] = {"input": before, "restored": after, "seconds": seconds}
        args.out.write_text(json.dumps(results, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
