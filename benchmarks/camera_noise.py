"""Compares the noise that CameraNoise makes with that of real cameras.

    python benchmarks/camera_noise.py --data DATA --picture docs/images/camera_noise.webp

DATA holds manifests/train.csv with pairs of real noise (task denoise). For each pair, of TRIES
simulated pictures of the same clean image those of the most similar strength count. Printed are
medians over the pairs: correlation of the noise with itself one and two pixels on, correlation
between channels, and its standard deviation in the darkest to the brightest quarter of the pixels,
relative to that of the whole; white noise stands beside.
"""

import argparse
import csv
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from matplotlib import pyplot

from hinet_tf.data.degradations import CameraNoise
from hinet_tf.images.image_file import open_image

TRIES, SIMILAR = 16, 4
SIDE = 256
ENLARGED = 96


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--picture", type=Path)
    args = parser.parse_args()
    rows, pictures = {"real": [], "CameraNoise": [], "white": []}, []
    for clean, noisy in pairs(args.data):
        real = noisy - clean
        made = [np.asarray(CameraNoise()(clean, seed)) for seed in range(TRIES)]
        made.sort(key=lambda image: abs(np.log((image - clean).std() / real.std())))
        white = np.random.default_rng(0).normal(0, real.std(), clean.shape)
        rows["real"].append(statistics(clean, real))
        rows["CameraNoise"] += [statistics(clean, image - clean) for image in made[:SIMILAR]]
        rows["white"].append(statistics(clean, white))
        pictures.append((clean, noisy, made[0]))
    names = list(rows["real"][0])
    print(f"{len(pictures)} pairs\n\n| | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for name, measured in rows.items():
        values = np.median([list(one.values()) for one in measured], axis=0)
        print(f"| {name} | {' | '.join(f'{value:.2f}' for value in values)} |")
    if args.picture:
        draw(pictures, args.picture)


def pairs(data):
    """Yields clean and noisy image, the middle of each, as float32 in [0, 1]."""
    with (data / "manifests" / "train.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["task"] == "denoise" and row["set"] in ("sidd_val65", "sidd_web"):
                images = [open_image(data / row[side]).read() for side in ("clean", "degraded")]
                top, left = ((size - SIDE) // 2 for size in images[0].shape[:2])
                window = np.s_[top : top + SIDE, left : left + SIDE, :3]
                yield [image[window].astype(np.float32) / 255 for image in images]


def statistics(clean, noise):
    """Correlations and relative strengths of noise over a clean image, by name."""
    noise = noise - noise.mean((0, 1))
    green = noise[..., 1]

    def correlation(a, b):
        return np.corrcoef(a.ravel(), b.ravel())[0, 1]

    result = {
        "1 right": correlation(green[:, 1:], green[:, :-1]),
        "1 down": correlation(green[1:], green[:-1]),
        "2 right": correlation(green[:, 2:], green[:, :-2]),
        "2 down": correlation(green[2:], green[:-2]),
        "red, green": correlation(noise[..., 0], green),
        "blue, green": correlation(noise[..., 2], green),
    }
    brightness = clean.mean(-1)
    limits = np.quantile(brightness, (0.25, 0.5, 0.75))
    quarter = np.digitize(brightness, limits)
    for number, name in enumerate(("darkest", "dark", "bright", "brightest")):
        chosen = noise[quarter == number]
        result[name] = chosen.std() / noise.std() if chosen.size else np.nan
    return result


def draw(pictures, target):
    """Draws clean, real and simulated, enlarged, of pairs from weak to strong noise."""
    pictures = sorted(pictures, key=lambda one: (one[1] - one[0]).std())
    chosen = [pictures[round(share * (len(pictures) - 1))] for share in (0.3, 0.6, 0.9)]
    titles = ("clean", "a camera's noise", "CameraNoise")
    figure, axes = pyplot.subplots(len(chosen), 3, figsize=(6.6, 6.8), dpi=100)
    for row, images in zip(axes, chosen, strict=True):
        for axis, image, title in zip(row, images, titles, strict=True):
            axis.imshow(image[:ENLARGED, :ENLARGED].clip(0, 1), interpolation="nearest")
            axis.set_axis_off()
            if axis in axes[0]:
                axis.set_title(title, fontsize=10)
    figure.subplots_adjust(0.005, 0.005, 0.995, 0.955, 0.02, 0.02)
    figure.savefig(target, pil_kwargs={"quality": 82, "method": 6})


if __name__ == "__main__":
    main()
