"""How the cores of a processor are shared out."""

import subprocess
import sys

PROGRAM = """
import os
import tensorflow as tf
from hinet_tf.engine import distribution

threads = tf.config.threading
default = threads.get_intra_op_parallelism_threads()
for cores, batch, accumulate in [(1, 4, 1), (2, 3, 1), (2, 4, 4), (64, 64, 1)]:
    distribution.usable_cores = lambda: cores
    assert distribution.share_out_cores(batch, accumulate) == 1, (cores, batch)
distribution.usable_cores = lambda: 2
for name in ("TF_CONFIG", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ[name] = "2"
    assert distribution.share_out_cores(4, 1) == 1, name
    del os.environ[name]
assert threads.get_intra_op_parallelism_threads() == default
assert distribution.share_out_cores(8, 2) == 2
assert threads.get_intra_op_parallelism_threads() == 1
assert threads.get_inter_op_parallelism_threads() == 2
# Once TensorFlow runs, its threads are what they are.
tf.constant(1.0)
distribution.usable_cores = lambda: 4
assert distribution.share_out_cores(4, 1) == 1
"""


def test_each_core_gets_a_part_of_the_batch_where_that_was_measured():
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=300)
