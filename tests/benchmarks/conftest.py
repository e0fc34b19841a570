"""The programs of benchmarks/ are no package: they import one another from their own folder.

They are run as a user runs them, by path; what a test imports of them comes from that folder too.
The fixture stands here so that no other test sees the folder on its path.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def benchmarks_importable(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.fixture
def benchmark():
    """Runs a benchmark and returns the finished process; it must succeed."""

    def run(name, *arguments, **environment):
        return subprocess.run(
            [sys.executable, BENCHMARKS / name, *map(str, arguments)],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )

    return run
