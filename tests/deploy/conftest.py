import keras
import numpy as np
import pytest
import tensorflow as tf

from hinet_tf import HINet
from hinet_tf.data import builtin_photos
from hinet_tf.losses import PSNRLoss
from hinet_tf.optimizers import Adam


@pytest.fixture(scope="session")
def denoiser():
    """A denoiser of two levels after 60 small steps: no longer what it was initialized to."""
    keras.utils.set_random_seed(3)
    random = np.random.default_rng(3)
    clean = np.stack(
        [
            photo[y : y + 64, x : x + 64]
            for photo in _photos()
            for y in (0, 128)
            for x in (0, 96, 192)
        ]
    )
    noisy = clean + random.normal(scale=25 / 255, size=clean.shape).astype("float32")
    model = HINet(width=16, depth=2)
    model.compile(Adam(1e-3), PSNRLoss(), jit_compile=False)
    batches = tf.data.Dataset.from_tensor_slices((noisy, clean)).repeat().batch(4)
    model.fit(batches, epochs=1, steps_per_epoch=60, verbose=0)
    return model


def _photos():
    source = builtin_photos("train")
    return [source.images(index)[1].astype("float32") / 255 for index in range(len(source))]
