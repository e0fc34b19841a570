"""Restoring millions of image files with Apache Beam."""

import json
import logging
import os
import re
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.io.fileio import MatchFiles
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems
from apache_beam.metrics import Metrics
from apache_beam.utils.shared import Shared

from hinet_tf.deploy.bulk.files import dead_letter, download, write_whole
from hinet_tf.images.image_file import SUFFIXES, open_image

COUNTERS = ("done", "failed", "skipped", "pixels")


class ImageTask(NamedTuple):
    """One file on its way through the pipeline.

    Args:
        source: Where it is read from, on any file system that Beam knows.
        name: Its place below the output.
        content: Its bytes; once it is restored, those of the result.
        pixels: How many were restored.
        problem: Why it cannot be restored, once that is known.

    Example:
    >>> ImageTask("gs://photos/a.jpg", "a.jpg").name
    'a.jpg'
    """

    source: str
    name: str
    content: bytes = b""
    pixels: int = 0
    problem: str = ""


class BulkRestoration(beam.PTransform):
    """From a file pattern to restored files and dead letters; what is there already is skipped.

    Args:
        pattern: Such as `gs://photos/**`; its part before the first `*` is cut off the names.
        model: A version directory from `export_saved_model`, on any file system of Beam.
        out: Folder of the results.
        retry_failed: Try again what has a dead letter from an earlier run.
        list_first: List the files while the pipeline is built, for a runner that never cuts
            what it began with into more parts (Dask's); their names travel with the pipeline.
    """

    def __init__(
        self,
        pattern: str,
        model: str,
        out: str,
        retry_failed: bool = False,
        list_first: bool = False,
    ) -> None:
        super().__init__()
        self._pattern, self._model, self._out = pattern, model, out
        self._retry_failed = retry_failed
        self._list_first = list_first

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:
        """Builds the pipeline."""
        files = MatchFiles(self._pattern)
        if self._list_first:
            files = beam.Create(FileSystems.match([self._pattern])[0].metadata_list)
        return (
            begin
            | "List" >> files
            | "Name" >> beam.FlatMap(_named, _root(self._pattern), self._out)
            # Spreads the files over the workers, and brings those of one name together.
            | "Gather" >> beam.GroupByKey()
            | "Read" >> beam.ParDo(_Read(self._out, self._retry_failed))
            | "Restore" >> beam.ParDo(_Restore(self._model))
            | "Write" >> beam.ParDo(_Write(self._out))
        )


class _Read(beam.DoFn):
    def __init__(self, out: str, retry_failed: bool) -> None:
        super().__init__()
        self._out, self._retry_failed = out, retry_failed
        self._skipped = Metrics.counter("bulk", "skipped")

    def process(self, element: tuple[str, Iterable[str]]) -> Iterator[ImageTask]:
        name, sources = element
        first, *others = sorted(sources)
        for other in others:
            problem = f"{first} would become {name} as well; give it another name"
            digest = uuid.uuid5(uuid.NAMESPACE_URL, other).hex[:8]
            yield from self._unless_done(ImageTask(other, f"{name}.{digest}", problem=problem))
        yield from self._unless_done(ImageTask(first, name))

    def _unless_done(self, task: ImageTask) -> Iterator[ImageTask]:
        failed = FileSystems.exists(dead_letter(self._out, task.name)) and not self._retry_failed
        if failed or FileSystems.exists(FileSystems.join(self._out, task.name)):
            self._skipped.inc()
        elif task.problem:
            yield task
        else:
            yield _read(task)


class _Restore(beam.DoFn):
    """Restores each file by `Restorer.restore_file` around the SavedModel.

    So depth, profile, EXIF and quality are kept as `hinet-restore` keeps them, byte for byte. One
    file at a time, for one already uses every core; and none waits for the end of a bundle, as
    in Beam's `RunInference`: its Dask runner loses what comes then.
    """

    def __init__(self, model: str) -> None:
        super().__init__()
        self._model = model
        self._shared = Shared()

    def setup(self) -> None:
        # One model per process, however many threads and bundles.
        self._restorer = self._shared.acquire(lambda: _open_restorer(self._model))

    def process(self, task: ImageTask) -> Iterator[ImageTask]:
        yield task if task.problem else _restore(task, self._restorer)


class _Write(beam.DoFn):
    def __init__(self, out: str) -> None:
        super().__init__()
        self._out = out
        self._counters = {name: Metrics.counter("bulk", name) for name in COUNTERS}

    def process(self, task: ImageTask) -> Iterator[str]:
        if task.problem:
            report = {"source": task.source, "reason": task.problem}
            write_whole(self._out, dead_letter(self._out, task.name), json.dumps(report).encode())
            self._counters["failed"].inc()
            logging.getLogger(__name__).warning("%s: %s", task.source, task.problem)
            return
        target = FileSystems.join(self._out, task.name)
        write_whole(self._out, target, task.content)
        outdated = dead_letter(self._out, task.name)
        if FileSystems.exists(outdated):
            FileSystems.delete([outdated])
        self._counters["done"].inc()
        self._counters["pixels"].inc(task.pixels)
        yield target


def _read(task: ImageTask) -> ImageTask:
    try:
        with FileSystems.open(task.source, compression_type="uncompressed") as file:
            return task._replace(content=file.read())
    except (BeamIOError, OSError) as error:
        return task._replace(problem=f"it cannot be read: {error}")


def _open_restorer(model: str) -> Any:
    """Copies the SavedModel to the worker, checks it and opens it."""
    from hinet_tf.inference import Restorer
    from hinet_tf.inference.saved_model_manifest import read_manifest

    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder) / "model"
        download(model, local)
        recipe = read_manifest(local).recipe
        return Restorer(
            local, tile=recipe.tile, overlap=recipe.overlap, memory=recipe.memory, name=model
        )


def _restore(task: ImageTask, restorer: Any) -> ImageTask:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"source{PurePosixPath(task.source).suffix}"
        target = Path(folder) / f"target{PurePosixPath(task.name).suffix}"
        source.write_bytes(task.content)
        try:
            restorer.restore_file(source, target)
        # One bad file must never stop a million others, whatever a decoder raises.
        except Exception as error:
            kind = "" if isinstance(error, ValueError | OSError) else f"{type(error).__name__}: "
            message = " ".join(str(error).replace(str(source), "the file").split())
            return task._replace(content=b"", problem=f"{kind}{message[:400]}" or "no reason given")
        height, width, _ = open_image(source).shape
        return task._replace(content=target.read_bytes(), pixels=height * width)


def _named(metadata: Any, root: str, out: str) -> Iterator[tuple[str, str]]:
    """Name below the output and source of each image; results of this run are no sources."""
    path = PurePosixPath(metadata.path)
    hidden = _absolute(metadata.path).startswith(_absolute(out) + "/") or path.name.startswith(".")
    if path.suffix.lower() in SUFFIXES and not hidden:
        name = metadata.path.removeprefix(root).lstrip("/")
        # As hinet-restore: 256 colours cannot hold a restored image.
        if path.suffix.lower() == ".gif":
            name = str(PurePosixPath(name).with_suffix(".png"))
        yield name, metadata.path


def _absolute(path: str) -> str:
    """A path as it compares with others; one of a file system of its own has no other form."""
    return path.rstrip("/") if "://" in path else os.path.abspath(path)


def _root(pattern: str) -> str:
    """The folder of a pattern before its first wildcard."""
    return re.split(r"[*?[]", pattern)[0].rpartition("/")[0]
