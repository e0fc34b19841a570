"""Which files a command is to restore, and where each result goes."""

import glob
import mimetypes
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from hinet_tf.command_line import UsageError, one_line
from hinet_tf.files import real_path
from hinet_tf.images.image_file import SUFFIXES
from hinet_tf.images.image_writer import BITS


class Job(NamedTuple):
    """One file to restore.

    Example:
    >>> Job(Path("in/a.png"), Path("out/a.png")).target.name
    'a.png'
    """

    source: Path
    target: Path


def collect_jobs(
    inputs: Iterable[str],
    out: Path,
    suffix: str = "",
    file_format: str | None = None,
    figures: bool = False,
) -> list[Job]:
    """Lists the files behind files, folders and patterns.

    Folders are searched through, and their structure is kept below `out`. A second run does not
    restore results: a folder `out` inside an input folder or among several inputs is left out, and
    so is, of a folder or a pattern, what another of its files becomes.

    Args:
        inputs: Files, folders, or patterns such as `photos/*.jpg`.
        out: The folder of the results; for one input file, also the file of its result.
        suffix: Added to each name before its extension.
        file_format: Extension of the results, such as `png`; `None` for the sources' own.
        figures: Whether each result gets a picture beside it, at `figure_path`.

    Returns:
        The jobs, sorted by source within each input, each source once.

    Raises:
        UsageError: If an input matches nothing, two results would have one name, or a result
            would replace its source.
    """
    inputs = list(inputs)
    # Without a table of the system, Python knows few types.
    kind, _ = mimetypes.guess_type(out.name)
    is_image = out.suffix.lower() in BITS or (kind or "").startswith("image/")
    if is_image and not out.is_dir():
        job = _single_job(inputs, out, suffix, file_format)
        _check_targets([job], figures)
        return [job]
    if not (suffix or file_format):
        inputs = _without(out, inputs)
    jobs: dict[Path, Job] = {}
    listed: set[Path] = set()
    for name in inputs:
        for source, relative in _expand(name, out):
            if not Path(name).is_file():
                listed.add(real_path(source))
            extension = f".{file_format}" if file_format else source.suffix
            if extension.lower() not in BITS:
                extension = ".png"  # As of a GIF, whose 256 colours cannot hold a restored image.
            target = out / relative.with_name(relative.stem + suffix + extension)
            jobs.setdefault(real_path(source), Job(source, target))
    if suffix:
        for place in {real_path(job.target) for job in jobs.values()} & listed:
            jobs.pop(place, None)
    _check_targets(list(jobs.values()), figures)
    return list(jobs.values())


def other_files(inputs: Iterable[str]) -> str:
    """What the folders among the inputs hold besides images, such as `"2 .avif, 1 .bmp"`.

    Example:
    >>> other_files([])
    ''
    """
    kinds: Counter[str] = Counter()
    for name in inputs:
        for _, folders, files in os.walk(name):
            folders[:] = (folder for folder in folders if not folder.startswith("."))
            shown = (file for file in files if not file.startswith("."))
            kinds.update(Path(file).suffix.lower() or file for file in shown)
    for suffix in SUFFIXES:
        kinds.pop(suffix, None)
    more = ", ..." if len(kinds) > 5 else ""
    return one_line(", ".join(f"{count} {kind}" for kind, count in kinds.most_common(5)) + more)


def figure_path(target: Path) -> Path:
    """Where the picture of a result goes.

    Example:
    >>> figure_path(Path("out/a.jpg")).name
    'a_compare.png'
    """
    return target.with_name(f"{target.stem}_compare.png")


def _without(out: Path, names: list[str]) -> list[str]:
    """Inputs but the folder of the results, which a shell finds among others for `*`."""
    others = [name for name in names if real_path(name) != real_path(out)]
    return others or names


def _single_job(inputs: list[str], out: Path, suffix: str, file_format: str | None) -> Job:
    """The job of a result that is named as a file."""
    if suffix or file_format:
        option = "--suffix" if suffix else "--format"
        raise UsageError(
            f"--out {out} names the result already; leave out {option}, or name a folder."
        )
    sources = [] if Path(inputs[0]).is_dir() else _expand(inputs[0], out)
    if len(inputs) > 1 or len(sources) != 1:
        raise UsageError(
            f"--out {out} is a file, which takes one input file; name a folder for several."
        )
    if out.suffix.lower() not in BITS:
        raise UsageError(
            f"--out {out}: {out.suffix} is not written; use .png, .jpg, .webp or .tif."
        )
    return Job(sources[0][0], out)


def _expand(name: str, out: Path) -> list[tuple[Path, Path]]:
    """Files behind one input, each with its place below the output folder."""
    path = Path(name)
    if path.is_dir():
        hidden = real_path(out)
        found = []

        def unreadable(error: OSError) -> None:
            # Fails by itself when its turn comes; the folder itself has nothing else to restore.
            if Path(error.filename) == path:
                raise error
            found.append((Path(error.filename), Path(error.filename).relative_to(path)))

        for folder, folders, files in os.walk(path, onerror=unreadable):
            folders[:] = sorted(f for f in folders if real_path(Path(folder) / f) != hidden)
            if real_path(folder) == hidden and hidden != real_path(path):
                continue
            for file in sorted(files):
                if Path(file).suffix.lower() in SUFFIXES and not file.startswith("."):
                    source = Path(folder) / file
                    found.append((source, source.relative_to(path)))
        if not found:
            raise UsageError(f"No images ({', '.join(SUFFIXES)}) in the folder {path}.")
        return found
    # A link to nothing is a file that cannot be read, not a pattern that matches itself.
    if path.exists() or path.is_symlink():
        return [(path, Path(path.name))]
    matches = _without(out, sorted(glob.glob(name, recursive=True)))
    if not matches:
        raise UsageError(f"No such file, folder or pattern: {name}.")
    return [entry for match in matches for entry in _expand(match, out)]


def _check_targets(jobs: list[Job], figures: bool) -> None:
    owners: dict[Path, Path] = {}
    sources = {real_path(source) for source, _ in jobs}
    for source, target in jobs:
        place = real_path(target)
        if place == real_path(source):
            raise UsageError(
                f"{target} would replace its own source; choose another --out or a --suffix."
            )
        if place in sources:
            raise UsageError(
                f"{source} would become {target}, which is to be restored as well; use another "
                "--suffix or --out."
            )
        if place in owners:
            raise UsageError(
                f"{owners[place]} and {source} would both become {target}; restore their folders, "
                "or use another --suffix or --format."
            )
        owners[place] = source
    pictures: dict[Path, Path] = {}
    for source, target in jobs if figures else ():
        picture = figure_path(target)
        place = real_path(picture)
        other = owners.get(place) or pictures.get(place) or (picture if place in sources else None)
        if other:
            raise UsageError(
                f"--figure: the picture of {source} would be {picture}, which belongs to {other}; "
                "restore one of the two by itself."
            )
        pictures[place] = source
