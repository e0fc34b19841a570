"""Batches made on the accelerator are those of the `tf.data` pipeline."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hinet_tf.data import (
    ArraySource,
    BlindNoise,
    JpegCompression,
    MotionBlur,
    builtin_photos,
    training_pipeline,
)

SCRIPT = Path(__file__).with_name("batches_on_jax.py")
# Larger than a patch with its margin, smaller than it, and smaller than half of the patch.
CLEAN_SIZES = [(70, 90), (40, 100), (14, 33), (200, 64)]
PAIR_SIZES = [(64, 64), (50, 90), (20, 33)]


@pytest.fixture(scope="module")
def images():
    photo = builtin_photos("val").images(0)[1]
    clean = [photo[:height, :width] for height, width in CLEAN_SIZES]
    target = [photo[50 : 50 + height, 90 : 90 + width] for height, width in PAIR_SIZES]
    return {"clean": clean, "target": target, "input": [255 - image for image in target]}


@pytest.fixture(scope="module")
def on_jax(images, tmp_path_factory):
    directory = tmp_path_factory.mktemp("batches")
    arrays = {f"{kind}{n}": image for kind, some in images.items() for n, image in enumerate(some)}
    np.savez(directory / "images.npz", **arrays)
    subprocess.run(
        [sys.executable, str(SCRIPT), directory / "images.npz", directory / "out.npz"],
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
        check=True,
    )
    return np.load(directory / "out.npz")


@pytest.mark.parametrize(
    ("name", "degradation"),
    [
        ("blind_noise", BlindNoise()),
        ("motion_blur", MotionBlur()),
        ("jpeg", JpegCompression((10, 60))),
    ],
)
def test_batches_are_those_of_the_pipeline(images, on_jax, name, degradation):
    sources = [ArraySource(images["clean"]), ArraySource(images["target"], images["input"])]
    pipeline = training_pipeline(
        sources, degradation=degradation, patch=32, batch=8, seed=10, start_step=3, weights=(3, 1)
    )
    expected = np.stack([np.stack(batch) for batch in pipeline.take(4)])
    assert on_jax[name].shape == expected.shape == (4, 2, 8, 32, 32, 3)
    np.testing.assert_allclose(on_jax[name][:, 1], expected[:, 1], rtol=0, atol=1e-6)
    far = np.abs(on_jax[name][:, 0] - expected[:, 0]) > 1e-5
    # Rounding to integers now and then goes the other way.
    assert far.mean() < (0.03 if name == "jpeg" else 1e-6)
