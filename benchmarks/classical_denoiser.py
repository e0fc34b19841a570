"""CBM3D on the noisy photographs that the denoising presets are scored on.

    pip install bm3d==4.0.3
    python benchmarks/classical_denoiser.py --data DATA

The same noise, to the last bit, the same clamping and the same PSNR as in the table of the README.
CBM3D is told the strength of the noise; the presets are not. The package is its authors' own, for
non-commercial use only (Mäkinen, Azzari, Foi, "Collaborative Filtering of Correlated Noise", IEEE
Transactions on Image Processing 2020); nothing else here needs it.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

# By the key of the test set: the sigma that it is told.
SETS = {
    "kodak24_sigma15": 15,
    "kodak24_sigma25": 25,
    "kodak24_sigma50": 50,
    "kodak24_500_sigma25": 25,
}


class Cbm3d:
    """Has the one method of a Restorer that scoring needs, and notes how long it takes."""

    def __init__(self, sigma: float) -> None:
        self.sigma = sigma
        self.seconds: list[float] = []

    def restore(self, image):
        """Denoises; `image` is float, in [0, 1] but for the noise."""
        import numpy as np
        from bm3d import bm3d_rgb

        started = time.perf_counter()
        restored = bm3d_rgb(image.astype(np.float64), self.sigma / 255)
        self.seconds.append(time.perf_counter() - started)
        return restored.astype(np.float32)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="with manifests/eval.csv")
    parser.add_argument("--limit", type=int, help="the first N photographs, to try it out")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/cbm3d.json"))
    args = parser.parse_args()
    from hinet_tf.inference.preset_test_sets import preset_test_sets
    from hinet_tf.inference.score_pairs import score_pairs
    from hinet_tf.inference.scoring import summarize

    results = {}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    for test_set in preset_test_sets("denoise", args.data):
        if test_set.key not in SETS:
            continue
        denoiser = Cbm3d(SETS[test_set.key])
        pairs = test_set.pairs[: args.limit]
        scores = summarize(score_pairs(denoiser, pairs, [test_set.protocol], test_set.output))
        before, after = (scores[key][test_set.protocol]["psnr"] for key in ("degraded", "restored"))
        seconds = statistics.median(denoiser.seconds)
        print(f"{test_set.title}: {before:.2f} -> {after:.2f} dB, {seconds:.1f} s", flush=True)
        results[test_set.key] = {"input": before, "restored": after, "seconds": seconds}
        args.out.write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
