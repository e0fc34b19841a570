"""`make fuzz` runs: each of its attacks, for a moment, on a product that it must not break."""

import re

import pytest

from tests.fuzz import long_run

QUICK = ("images", "threads")


@pytest.mark.parametrize(
    "part", [pytest.param(p, marks=[pytest.mark.slow] * (p not in QUICK)) for p in long_run.PARTS]
)
def test_each_attack_runs_and_finds_nothing(part, tmp_path, capsys):
    command = ["--only", part, "--minutes", "0.02", "--keep", str(tmp_path / "findings")]
    assert long_run.main(command) == 0
    line = capsys.readouterr().out.strip()
    assert line.startswith(f"{part}: ") and "WRONG" not in line
    assert re.search(r": [1-9]", line)
