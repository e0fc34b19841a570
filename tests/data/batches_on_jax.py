"""Makes batches on JAX, without TensorFlow; for `test_device_batch.py`.

python batches_on_jax.py IMAGES.npz OUT.npz
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "jax"

import jax
import numpy as np

from hinet_tf.data.degradations import BlindNoise, JpegCompression, MotionBlur
from hinet_tf.data.on_device.batch import Samples, make_batch, sample_numbers
from hinet_tf.data.on_device.packed_images import pack_images
from hinet_tf.data.on_device.sample_order import HostSampleOrder
from hinet_tf.data.sources.image_list import ImageList

source, out = sys.argv[1:]
arrays = np.load(source)
clean, target, degraded = (
    [arrays[key] for key in sorted(arrays) if key.startswith(kind)]
    for kind in ("clean", "target", "input")
)
lists = [
    ImageList([str(n) for n in range(len(clean))], clean),
    ImageList([str(n) for n in range(len(target))], target, degraded),
]
images = pack_images(lists)
lengths = [len(part) for part in lists]
order = HostSampleOrder(lengths, (3, 1), 10)
samples = sample_numbers(order, lengths, step=3, count=4, batch=8)
batches = {}
for name, degradation in {
    "blind_noise": BlindNoise(),
    "motion_blur": MotionBlur(),
    "jpeg": JpegCompression((10, 60)),
}.items():
    make = jax.jit(
        lambda images, samples, d=degradation: make_batch(
            images, samples, d, 32, "dihedral", 10, (False, True)
        )
    )
    batches[name] = [
        np.stack(make(images, Samples(samples.image[n], samples.number[n]))) for n in range(4)
    ]
if "tensorflow" in sys.modules:
    raise SystemExit("TensorFlow was imported")
np.savez(out, **batches)
