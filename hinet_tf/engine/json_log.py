"""A log of one JSON object per line."""

import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hinet_tf.files import atomic_path


class JsonLog:
    """Records of a training, each with its `step`, that survive being cut off anywhere.

    Args:
        path: The file.

    Example:
    >>> JsonLog("log.jsonl").append({"step": 100, "loss": -60.0})
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def append(self, record: dict[str, Any]) -> None:
        """Writes one record at the end, at once."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                # A line that was cut off stays by itself.
                if file.read(1) != b"\n":
                    file.write(b"\n")
            file.write(json.dumps(record).encode() + b"\n")

    def records(self) -> list[dict[str, Any]]:
        """All whole records, oldest first; lines that were cut off are left out."""
        if not self.path.exists():
            return []
        records = []
        for line in self.path.read_text().splitlines():
            with contextlib.suppress(ValueError):
                records.append(json.loads(line))
        return records

    def rewind(self, step: int) -> None:
        """Drops records after a step, which a resumed training will write again."""
        self._replace(record for record in self.records() if record["step"] <= step)

    def rename(self, kind: str, new: str) -> None:
        """Gives all records of a kind another kind, so that they do not count any more."""
        self._replace(
            record | {"kind": new} if record["kind"] == kind else record
            for record in self.records()
        )

    def _replace(self, records: Iterable[dict[str, Any]]) -> None:
        if self.path.exists():
            with atomic_path(self.path) as temporary:
                temporary.write_text("".join(json.dumps(record) + "\n" for record in records))
