"""Decoded images on disk, for collections that are larger than memory."""

import hashlib
import itertools
import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from hinet_tf.data.sources.file_source import FileSource
from hinet_tf.data.sources.image_files import OnBad, ShowProgress, no_progress, raise_error
from hinet_tf.data.sources.record_source import RecordSource
from hinet_tf.files import atomic_path
from hinet_tf.images.header import decode_file
from hinet_tf.images.image_file_error import ImageFileError


def cache_on_disk(
    source: FileSource,
    folder: Path,
    on_bad: OnBad | None = None,
    progress: ShowProgress = no_progress,
) -> RecordSource:
    """Decodes all images into one file of plain pixels, unless that was done before.

    The file's name is a digest of the images' paths, sizes, dates, inodes and times of the last
    change of any kind, so an old cache is never taken for that of changed images, not even of
    ones that were given the old date; and it appears under that name only when it is whole.

    Args:
        source: The images.
        folder: Where caches lie; needs as much room as the decoded images.
        on_bad: Called with each file that cannot be decoded, also when the cache was made
            before; by default the first one is raised.
        progress: Shows progress, as in `cached`.

    Returns:
        A source of the decoded images.

    Raises:
        ValueError: If a file cannot be decoded, or none is left.
        OSError: If the folder cannot be written or the disk is full.

    Example:
    >>> source = cache_on_disk(clean_folder("photos"), Path("cache"))
    """
    path = folder / f"{_digest(source)}.tfrecord"
    notes = path.with_suffix(".json")
    if not path.is_file() or not notes.is_file():
        skipped = []

        def skip(error: ImageFileError) -> None:
            if on_bad is None:
                raise error
            skipped.append([str(error.path), error.problem, error.remedy])

        with atomic_path(path) as temporary:
            _write(source, temporary, skip, progress)
        with atomic_path(notes) as temporary:
            temporary.write_text(json.dumps({"skipped": skipped}, indent=1))
    for parts in json.loads(notes.read_text())["skipped"]:
        (on_bad or raise_error)(ImageFileError(*parts))
    degraded = "input" if source.paired else None
    return RecordSource([path], "target", degraded, plain_pixels=True, dtype=source.dtype)


def _write(source: FileSource, path: Path, skip: OnBad, progress: ShowProgress) -> None:
    dtype = source.dtype.as_numpy_dtype
    with tf.io.TFRecordWriter(str(path)) as writer:
        for index in progress(range(len(source)), "Decoding"):
            try:
                images = [decode_file(side[index], dtype) for side in source.sides]
            except ImageFileError as error:
                skip(error)
                continue
            writer.write(_example(source.names[index], images))


def _example(name: str, images: list[np.ndarray]) -> bytes:
    features = {"name": _bytes(name.encode())}
    for key, image in zip(("target", "input"), images, strict=False):
        features[f"{key}/value"] = _bytes(np.ascontiguousarray(image).tobytes())
        features[f"{key}/shape"] = tf.train.Feature(
            int64_list=tf.train.Int64List(value=image.shape)
        )
    example = tf.train.Example(features=tf.train.Features(feature=features))
    return example.SerializeToString()


def _bytes(value: bytes) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))


def _digest(source: FileSource) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for header in itertools.chain(*source.sides):
        status = header.path.stat()
        # A program can set the modification time back, but not the time of change.
        times = [status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
        line = [str(header.path.resolve()), status.st_size, *times, source.dtype.name]
        digest.update(json.dumps([*line, source.paired]).encode())
    return digest.hexdigest()
