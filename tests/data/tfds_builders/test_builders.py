"""The builders pass TFDS' own test case on small data in the true layouts."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import ClassVar
from unittest import mock

import tensorflow_datasets as tfds

from hinet_tf.data.tfds import Gopro, Rain13k, Reds, Sidd

sys.path.insert(0, str(Path(__file__).parent))
import layouts


class SmallData:
    """Makes the data, and tells the builder how much of it there is."""

    def MAKE(root):
        raise NotImplementedError

    ATTRIBUTES: ClassVar[dict] = {}

    @classmethod
    def setUpClass(cls):
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        cls.MAKE(Path(cls.EXAMPLE_DIR))
        cls.patch = mock.patch.multiple(cls.DATASET_CLASS, **cls.ATTRIBUTES)
        cls.patch.start()
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.patch.stop()
        shutil.rmtree(cls.EXAMPLE_DIR)


SIDD = {
    "EXPECTED": {"train": 4, "validation": 1},
    "CROP": (16, 12),
    "BLOCKS_SHAPE": (3, 2, 16, 16, 3),
}
# A photo of 40x56: rows 0, 12, 24 and columns 0, 12, 24, 36, 40.
SIDD_SPLITS = {"train": 4 * 15, "validation": 6}
GOPRO = {"EXPECTED": {"train": 4, "test": 2}, "CROP": (16, 8)}
# A photo of 24x32: rows 0, 8 and columns 0, 8, 16.
GOPRO_SPLITS = {"train": 4 * 6, "test": 2}
REDS = {"EXPECTED": {"train": 6, "validation": 4}}
RAIN_SPLITS = {"train": 3} | dict.fromkeys(
    ("test100", "rain100h", "rain100l", "test2800", "test1200"), 1
)


class SiddTest(SmallData, tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS, SPLITS, ATTRIBUTES = Sidd, SIDD_SPLITS, SIDD
    MAKE = layouts.sidd


class GoproTest(SmallData, tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS, SPLITS, ATTRIBUTES = Gopro, GOPRO_SPLITS, GOPRO
    MAKE = layouts.gopro


class RedsTest(SmallData, tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS, SPLITS, ATTRIBUTES = Reds, REDS["EXPECTED"], REDS
    MAKE = layouts.reds


class Rain13kTest(SmallData, tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS, SPLITS, ATTRIBUTES = Rain13k, RAIN_SPLITS, {"EXPECTED": RAIN_SPLITS}
    MAKE = layouts.rain13k
