"""`make fuzz` runs: each of its attacks, for a moment, on a product that it must not break."""

import random
import re

import pytest

from tests.fuzz import kills, long_run

QUICK = ("images", "threads")
PARTS = [part for part in long_run.PARTS if part != "kills"]


@pytest.mark.parametrize(
    "part", [pytest.param(p, marks=[pytest.mark.slow] * (p not in QUICK)) for p in PARTS]
)
def test_each_attack_runs_and_finds_nothing(part, tmp_path, capsys):
    command = ["--only", part, "--minutes", "0.02", "--keep", str(tmp_path / "findings")]
    assert long_run.main(command) == 0
    line = capsys.readouterr().out.strip()
    assert line.startswith(f"{part}: ") and "WRONG" not in line
    assert re.search(r": [1-9]", line)


@pytest.mark.slow
@pytest.mark.parametrize("name", kills.available())
def test_a_killed_command_leaves_whole_results_and_completes(name, tmp_path):
    found = long_run.Findings(tmp_path, name)

    def until_killed():
        while not found.counts[f"{name}: killed"]:
            yield True

    kills.killed_commands(random.Random(2), until_killed(), found, [name])
    assert not found.wrong, found.counts
