"""What commands show: whole at 80 and 120 columns, in a log and with --quiet."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from hinet_tf.commands import progress as progress_module
from hinet_tf.commands import restore_progress
from hinet_tf.commands.progress import shown_progress, tracked
from hinet_tf.commands.restore_progress import RestoreProgress

SCREENS = Path(__file__).parent / "screens"
PROBLEM = (
    "holidays in the mountains/broken.jpg: not a readable image: the file ends before the last "
    "row of pixels; copy it again."
)


@pytest.fixture
def clock(monkeypatch):
    """Seconds that only a test moves on."""
    now = [0.0]
    for module in (progress_module, restore_progress):
        monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def restore(console, clock, files):
    """Yields after each part of a file: a photo of four parts, a failure for every third."""
    with RestoreProgress(files, 0, "restored", console) as progress:
        for number in range(files):
            for part in (0.25, 0.5, 0.75):
                clock[0] += 11.0
                progress.part(part)
                yield progress
            clock[0] += 11.0
            if number % 3 == 1:
                progress.fail(PROBLEM)
            else:
                progress.done()
            yield progress


def last_bar(file):
    """The bar that a terminal shows after what was written to it."""
    drawn = [part for part in file.getvalue().replace("\r", "\n").split("\x1b[2K") if "━" in part]
    return drawn[-1].split("\n")[0].rstrip()


def screen(width, clock, files, moments):
    """What a terminal shows at some moments, and what is left on it at the end."""
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=True, color_system=None)
    shown = []
    for moment, _ in enumerate(restore(console, clock, files)):
        if moment in moments:
            shown.append(last_bar(file))
    kept = [line for line in file.getvalue().split("\n") if "failed: " in line or " -> " in line]
    shown += [line[line.rindex("\x1b[2K") + 4 :] if "\x1b[2K" in line else line for line in kept]
    return "".join(f"{line.rstrip()}\n" for line in shown)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(
    ("name", "files", "moments"), [("photo", 1, (0, 2)), ("folder", 12, (1, 30))]
)
def test_screen_of_a_restoration(clock, width, name, files, moments):
    shown = screen(width, clock, files, moments)
    assert shown == (SCREENS / f"restore_{name}_{width}.txt").read_text()
    bars = [line for line in shown.splitlines() if "━" in line]
    assert len(bars) == len(moments)
    for line in bars:
        assert len(line) <= width and " left" in line


@pytest.mark.parametrize(("name", "files"), [("photo", 1), ("folder", 12)])
def test_log_of_a_restoration(clock, name, files):
    file = io.StringIO()
    for _ in restore(Console(file=file, width=80), clock, files):
        pass
    assert file.getvalue() == (SCREENS / f"restore_{name}_log.txt").read_text()


def test_quiet_says_failures_alone(clock):
    said, failures = io.StringIO(), io.StringIO()
    quiet = Console(file=said, quiet=True)
    with RestoreProgress(2, 0, "restored", quiet, Console(file=failures, width=80)) as progress:
        progress.done()
        progress.fail(PROBLEM)
    assert said.getvalue() == "" and failures.getvalue() == f"failed: {PROBLEM}\n"


@pytest.mark.parametrize("width", [80, 120])
def test_screen_of_a_search(clock, width):
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=True, color_system=None)
    with shown_progress(console) as show:
        show("Quantizing")
        for step in range(1, 6):
            clock[0] += 20.0
            show(f"In float: stage1_encoder{step}: 0.026 dB lost", step / 26)
    last = last_bar(file)
    assert last == (SCREENS / f"search_{width}.txt").read_text().rstrip("\n")
    assert len(last) <= width and "0:07:00 left" in last and "━" in last


def test_log_of_a_search(clock):
    file = io.StringIO()
    with shown_progress(Console(file=file, width=20)) as show:
        show("Quantizing", prefix="int8: ")
        clock[0] += 20.0
        show("In float: sensitive operators only: 0.026 dB lost", 0.25)
    first, second = file.getvalue().splitlines()
    assert first == "int8: Quantizing"
    assert second == ("In float: sensitive operators only: 0.026 dB lost, 0:01:00 left")


def test_log_of_a_loop_has_a_line_every_thirty_seconds(clock):
    file = io.StringIO()
    for _ in tracked(range(8), "Scoring", Console(file=file, width=20)):
        clock[0] += 16.0
    assert file.getvalue().splitlines() == [
        "Scoring: 2 of 8, 0:01:36 left",
        "Scoring: 4 of 8, 0:01:04 left",
        "Scoring: 6 of 8, 0:00:32 left",
        "Scoring: 8 of 8, 0:00:00 left",
    ]
