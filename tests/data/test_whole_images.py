"""Whole images for `fit`: all of them, once, the same ones each time."""

import numpy as np
import pytest

from hinet_tf import HINet
from hinet_tf.data import ArraySource, GaussianNoise, ValidationPairs, validation_pipeline
from hinet_tf.losses import PSNRLoss
from hinet_tf.optimizers import Adam

SIZES = ((20, 33), (16, 16), (35, 18))


@pytest.fixture
def source():
    generator = np.random.default_rng(0)
    return ArraySource([generator.integers(0, 256, (*size, 3), np.uint8) for size in SIZES])


def test_every_image_once_cut_to_what_the_network_takes(source):
    noise = GaussianNoise(25)
    pairs = ValidationPairs(source, degradation=noise, seed=3)
    dataset = validation_pipeline(source, degradation=noise, seed=3)
    assert len(dataset) == 3
    for _ in range(2):
        batches = list(dataset.as_numpy_iterator())
        assert [clean.shape for _, clean in batches] == [
            (1, 16, 32, 3),
            (1, 16, 16, 3),
            (1, 32, 16, 3),
        ]
        for (degraded, clean), pair in zip(batches, pairs, strict=True):
            height, width = clean.shape[1:3]
            np.testing.assert_array_equal(degraded[0], pair.degraded[:height, :width])
            np.testing.assert_array_equal(clean[0], pair.clean[:height, :width])


def test_fit_validates_on_it(source):
    model = HINet(width=4, depth=2)
    model.compile(Adam(1e-3), loss=PSNRLoss())
    val = validation_pipeline(source, degradation=GaussianNoise(25), size_multiple=2, limit=2)
    history = model.fit(val, epochs=2, validation_data=val, verbose=0).history
    assert set(history) == {"loss", "psnr", "val_loss", "val_psnr"}
    scores = [
        -float(PSNRLoss()(clean, np.clip(model(degraded)["restored"], 0, 1)))
        for degraded, clean in val.as_numpy_iterator()
    ]
    assert history["val_psnr"][-1] == pytest.approx(np.mean(scores), abs=1e-3)


def test_an_image_too_small_is_named(source):
    dataset = validation_pipeline(source, degradation=GaussianNoise(25), size_multiple=32)
    with pytest.raises(Exception, match=r"0 is smaller than 32x32 pixels\. Received: 20x33"):
        list(dataset)


def test_a_name_is_no_source():
    with pytest.raises(ValueError, match="Received: 'pairs', a name"):
        validation_pipeline("pairs")
