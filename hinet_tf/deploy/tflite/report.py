"""What an export found out about its file."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hinet_tf.deploy.tflite.agreement import PhotoAgreement
from hinet_tf.deploy.tflite.recipe_search import SearchResult
from hinet_tf.plots import render_page


@dataclass(frozen=True)
class Check:
    """The result of one thing that an export must fulfil.

    Args:
        name: What is checked, in a few words.
        passed: Whether it holds; `None` where it could not be checked here.
        measured: What was found.
        required: What is asked for.

    Example:
    >>> Check("size", True, "11.2 MB", "11.1 MB ± 3 %").passed
    True
    """

    name: str
    passed: bool | None
    measured: str
    required: str


@dataclass(frozen=True)
class TFLiteReport:
    """All checks of one exported file, and what they were measured on.

    Args:
        metadata: What the file says about itself.
        checks: Every gate with its result.
        photos: Model and file side by side, photo by photo.
        max_drop: Restored PSNR in decibels that was allowed to be lost.
        search: What selective quantization tried, if it ran.

    Example:
    >>> TFLiteReport(metadata={}, checks=(), photos=(), max_drop=0.05).failed
    []
    """

    metadata: Mapping[str, Any]
    checks: tuple[Check, ...]
    photos: tuple[PhotoAgreement, ...]
    max_drop: float
    search: SearchResult | None = None

    @property
    def failed(self) -> list[Check]:
        """The checks that do not hold."""
        return [check for check in self.checks if check.passed is False]

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        report = {
            "passed": not self.failed,
            "max_drop": self.max_drop,
            "checks": [dataclasses.asdict(check) for check in self.checks],
            "photos": [{**dataclasses.asdict(p), "drop": p.drop} for p in self.photos],
            "metadata": dict(self.metadata),
        }
        if self.search:
            report["search"] = {
                "kept_float": self.search.kept_float,
                "steps": [dataclasses.asdict(step) for step in self.search.steps],
            }
        return report

    def to_json(self) -> str:
        """The report as JSON. A PSNR of equal images is written as `Infinity`."""
        return json.dumps(self.as_dict(), indent=1)

    def to_html(self, file_name: str) -> str:
        """The report as one page without external files."""
        template = Path(__file__).parent / "templates" / "report.html"
        title = f"{file_name}: verification"
        return render_page(template, title=title, report=self, file_name=file_name)
