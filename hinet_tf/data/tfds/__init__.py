"""TFDS builders of the benchmark datasets; importing this makes `tfds.load` know them."""

from hinet_tf.data.tfds.gopro import Gopro
from hinet_tf.data.tfds.rain13k import Rain13k
from hinet_tf.data.tfds.reds import Reds
from hinet_tf.data.tfds.sidd import Sidd

__all__ = ["Gopro", "Rain13k", "Reds", "Sidd"]
