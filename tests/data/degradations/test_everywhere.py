"""One image and one seed give one result, whatever computes it."""

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from hinet_tf.data import builtin_photos
from hinet_tf.data.degradations import (
    CameraNoise,
    CorrelatedNoise,
    Defocus,
    Degradation,
    GaussianNoise,
    JpegCompression,
    MotionBlur,
    PhotoBlur,
    PhotoNoise,
    Rain,
    SensorNoise,
)

ALL = [
    GaussianNoise(),
    SensorNoise(),
    CameraNoise(jpeg_share=0),
    CorrelatedNoise(),
    PhotoNoise(jpeg_share=1, camera_share=0),
    JpegCompression(),
    MotionBlur(),
    PhotoBlur(jpeg_share=0, lamp_share=1),
    Defocus(),
    Rain(),
]
# A choice among the others: what it takes minutes to compile is in them.
LONG = (PhotoNoise,)
each = pytest.mark.parametrize(
    "degradation",
    [
        pytest.param(d, id=type(d).__name__, marks=[pytest.mark.slow] * isinstance(d, LONG))
        for d in ALL
    ],
)
# Six float32 roundings near 1; JPEG rounds to whole levels, so a few values may differ by more.
CLOSE = 2e-6


@pytest.fixture(scope="module")
def image():
    return builtin_photos("val").images(0)[1][60:124, 90:155].astype(np.float32) / 255


def assert_same(first, second):
    difference = np.abs(np.asarray(first) - np.asarray(second))
    assert np.mean(difference > CLOSE) < 1e-3 and difference.mean() < CLOSE


@each
def test_pure(degradation, image):
    before = image.copy()
    first = degradation(image, 7)
    np.testing.assert_array_equal(first, degradation(image, 7))
    np.testing.assert_array_equal(image, before)
    assert not np.array_equal(first, degradation(image, 8))
    assert first.shape == image.shape and first.dtype == tf.float32
    assert isinstance(degradation, Degradation)


@each
def test_eager_equals_tf_data(degradation, image):
    @tf.autograph.experimental.do_not_convert
    def degrade(number):
        return degradation(tf.constant(image), tf.stack([tf.cast(number, tf.uint32), 0]))

    for seed, inside in enumerate(tf.data.Dataset.range(3).map(degrade)):
        assert_same(inside, degradation(image, seed))


@pytest.mark.slow
@each
def test_eager_equals_compiled(degradation, image):
    """XLA is what runs on an accelerator; it compiles them for JAX below, too."""
    compiled = tf.function(degradation, jit_compile=True, autograph=False)
    seed = tf.constant([5, 0], tf.uint32)
    assert_same(compiled(tf.constant(image), seed), degradation(image, 5))


@pytest.mark.skipif(not tf.config.list_physical_devices("GPU"), reason="needs a GPU")
@each
def test_cpu_equals_gpu(degradation, image):
    results = []
    for device in ("CPU", "GPU"):
        with tf.device(device):
            results.append(degradation(tf.constant(image), 5).numpy())
    assert_same(*results)


ON_JAX = """
import sys
import numpy as np
from hinet_tf.data.degradations import *
image = np.load(sys.argv[1])
all = [GaussianNoise(), SensorNoise(), CameraNoise(jpeg_share=0), JpegCompression(), MotionBlur()]
all += [PhotoBlur(jpeg_share=0, lamp_share=1), Defocus(), Rain(), CorrelatedNoise()]
all += [PhotoNoise(jpeg_share=1, camera_share=0)]
import jax
results = {type(d).__name__: jax.jit(d)(image, np.array([5, 0], "uint32")) for d in all}
assert "tensorflow" not in sys.modules
np.savez(sys.argv[2], **results)
"""


def test_tensorflow_equals_jax_without_tensorflow(image, tmp_path):
    pytest.importorskip("jax")
    np.save(tmp_path / "image.npy", image)
    subprocess.run(
        [sys.executable, "-c", ON_JAX, tmp_path / "image.npy", tmp_path / "results.npz"],
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        check=True,
    )
    results = np.load(tmp_path / "results.npz")
    for degradation in ALL:
        assert_same(results[type(degradation).__name__], degradation(image, 5))
