"""A log of one JSON object per line."""

import json
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
        with self.path.open("a") as file:
            file.write(json.dumps(record) + "\n")

    def records(self) -> list[dict[str, Any]]:
        """All whole records, oldest first; a last line that was cut off is left out."""
        if not self.path.exists():
            return []
        records = []
        for line in self.path.read_text().splitlines():
            try:
                records.append(json.loads(line))
            except ValueError:
                break
        return records

    def rewind(self, step: int) -> None:
        """Drops records after a step, which a resumed training will write again."""
        if self.path.exists():
            kept = [record for record in self.records() if record["step"] <= step]
            with atomic_path(self.path) as temporary:
                temporary.write_text("".join(json.dumps(record) + "\n" for record in kept))
