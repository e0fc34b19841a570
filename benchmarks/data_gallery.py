"""Draws the picture of all degradations for the documentation.

python benchmarks/data_gallery.py docs/images/degradations.webp
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from matplotlib import pyplot

from hinet_tf.data import builtin_photos
from hinet_tf.data.degradations import (
    CameraNoise,
    CorrelatedNoise,
    Defocus,
    GaussianNoise,
    JpegCompression,
    MotionBlur,
    Rain,
    SensorNoise,
)

SIDE = 200
# Photo, top and left of the part shown: a face, fur, glass and wood.
PARTS = [("train", 0, 30, 130), ("val", 0, 60, 150), ("train", 1, 60, 230)]
COLUMNS = {
    "clean": None,
    "GaussianNoise(25)": GaussianNoise(25),
    "SensorNoise(0.012)": SensorNoise(0.012),
    "CameraNoise(6400)": CameraNoise(6400),
    "CorrelatedNoise(15)": CorrelatedNoise(15, 1.2, 0.3),
    "JpegCompression(10)": JpegCompression(10),
    "MotionBlur(21)": MotionBlur(21),
    "Defocus(4)": Defocus(4),
    "Rain(15, 40, 8, 0.3)": Rain(15, 40, 8, 0.3),
}


def main(target):
    figure, axes = pyplot.subplots(
        len(PARTS), len(COLUMNS), figsize=(2.04 * len(COLUMNS), 2.04 * len(PARTS) + 0.25), dpi=100
    )
    for row, (split, number, top, left) in enumerate(PARTS):
        photo = builtin_photos(split).images(number)[1].astype(np.float32) / 255
        window = np.s_[top : top + SIDE, left : left + SIDE]
        for column, (title, degradation) in enumerate(COLUMNS.items()):
            # The whole photo is degraded, so that the part shown has no border of its own.
            image = photo if degradation is None else np.asarray(degradation(photo, row + 1))
            axis = axes[row, column]
            axis.imshow(image[window], interpolation="nearest")
            axis.set_axis_off()
            if row == 0:
                axis.set_title(title, fontsize=9, family="monospace")
    figure.subplots_adjust(0.002, 0.002, 0.998, 0.96, 0.02, 0.02)
    figure.savefig(target, pil_kwargs={"quality": 82, "method": 6})


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/degradations.webp"))
