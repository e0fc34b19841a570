"""Images in TFRecord files, read by number."""

import os
import struct
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from hinet_tf.data.sources.source import Source
from hinet_tf.images.tensorflow_decode import decode_content

# A TFRecord is its length (8 bytes) and a checksum of it (4), the content, a checksum of it (4).
_BEFORE, _AFTER = 12, 4


class RecordSource(Source):
    """Images in TFRecord files of `tf.train.Example`, as TFDS prepares them.

    TFRecord files are made to be read in a row. Their records can be read in any order once it
    is known where each begins, which takes one pass over the lengths alone.

    Args:
        files: The TFRecord files, on a local disk.
        clean: Name of the feature that holds the clean image.
        degraded: Name of the feature with its degraded partner, if there is one.
        plain_pixels: Whether the images are pixels in `NAME/value` of shape `NAME/shape`, or the
            bytes of an image file.
        dtype: What the pixels are, `tf.uint8` or `tf.uint16`.
        title: Start of the images' names.

    Raises:
        ValueError: If a file is truncated or there are no records.

    Example:
    >>> len(RecordSource(["gopro.tfrecord"], "target", "input"))
    1
    """

    def __init__(
        self,
        files: Sequence[str | os.PathLike[str]],
        clean: str,
        degraded: str | None = None,
        *,
        plain_pixels: bool = False,
        dtype: tf.DType = tf.uint8,
        title: str = "",
    ):
        offsets = [record_offsets(Path(file)) for file in files]
        self._file_of = np.repeat(np.arange(len(files)), [len(begins) for begins, _ in offsets])
        self._begins = np.concatenate([begins for begins, _ in offsets])
        self._lengths = np.concatenate([lengths for _, lengths in offsets])
        if not len(self._begins):
            raise ValueError(f"{title or 'The records'}: no records in {len(files)} files.")
        self._descriptors = [os.open(file, os.O_RDONLY) for file in files]
        for descriptor in self._descriptors:
            weakref.finalize(self, os.close, descriptor)
        self._title = title
        self._plain_pixels = plain_pixels
        self._features = [degraded, clean] if degraded else [clean]
        self.names = tuple(str(number) for number in range(len(self._begins)))
        self.paired = degraded is not None
        self.dtype = dtype

    def read(self, index: tf.Tensor) -> tuple[tf.Tensor | None, tf.Tensor]:
        """Returns one pair; see `Source.read`."""
        record = tf.ensure_shape(tf.numpy_function(self._record, [index], tf.string), ())
        described = {}
        for name in self._features:
            described[self._content(name)] = tf.io.FixedLenFeature((), tf.string)
            if self._plain_pixels:
                described[f"{name}/shape"] = tf.io.FixedLenFeature((3,), tf.int64)
        example = tf.io.parse_single_example(record, described)
        images = [self._image(example, name) for name in self._features]
        return (images[0] if self.paired else None), images[-1]

    def name(self, index: int) -> str:
        """Returns the name that the record itself holds, if it holds one."""
        example = tf.train.Example.FromString(self._record(index))
        values = example.features.feature["name"].bytes_list.value
        name = values[0].decode() if values else self.names[index]
        return f"{self._title}/{name}" if self._title else name

    def _record(self, index) -> bytes:
        # `pread` needs no position of its own, so that threads may read at the same time.
        descriptor = self._descriptors[self._file_of[index]]
        return os.pread(descriptor, int(self._lengths[index]), int(self._begins[index]))

    def _content(self, name: str) -> str:
        # As TFDS stores a `Tensor` feature of unknown shape in bytes.
        return f"{name}/value" if self._plain_pixels else name

    def _image(self, example: dict[str, tf.Tensor], name: str) -> tf.Tensor:
        content = example[self._content(name)]
        if self._plain_pixels:
            image = tf.reshape(tf.io.decode_raw(content, self.dtype), example[f"{name}/shape"])
        else:
            image = decode_content(content)
        return tf.ensure_shape(image, (None, None, None))


def record_offsets(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Returns where the contents of a TFRecord file's records begin, and their lengths.

    Args:
        file: The file.

    Returns:
        Two int64 arrays of one length.

    Raises:
        ValueError: If the file ends within a record.
    """
    begins, lengths = [], []
    size = file.stat().st_size
    with file.open("rb", buffering=0) as stream:
        position = 0
        while position < size:
            header = os.pread(stream.fileno(), 8, position)
            length = struct.unpack("<Q", header)[0] if len(header) == 8 else size
            if position + _BEFORE + length + _AFTER > size:
                raise ValueError(f"{file}: the file is truncated; prepare the dataset again.")
            begins.append(position + _BEFORE)
            lengths.append(length)
            position += _BEFORE + length + _AFTER
    return np.array(begins, np.int64), np.array(lengths, np.int64)
