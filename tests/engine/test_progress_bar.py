"""What a training shows: whole at 80 and 120 columns, and a line every 30 seconds in a log."""

import io
import types
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from hinet_tf.engine.callbacks import MetricsLog, ProgressBar, progress_bar
from hinet_tf.engine.json_log import JsonLog
from hinet_tf.engine.progress import TrainingProgress

SCREENS = Path(__file__).parent / "screens"


def logs(step):
    return {
        "loss": -50.5,
        "loss_stage1": -25.25,
        "loss_restored": -25.25,
        "psnr": 25.25,
        "gradient_norm": 0.0125,
    }


def train(console, monkeypatch, steps=4, seconds=16.0, start=199_996, validated=None):
    """Trains some of 400,000 steps of two seconds each on a clock that jumps."""
    now = [0.0]
    monkeypatch.setattr(progress_bar.time, "monotonic", lambda: now[0])
    progress = TrainingProgress(start, 400_000, step_seconds=2.0)
    bar = ProgressBar(progress, batch=64, interval=100_000, console=console)
    bar.on_train_begin()
    for step in range(steps):
        now[0] += seconds
        progress.step += 1
        if validated and step == steps - 1:
            progress.psnr, progress.degraded_psnr = validated
        bar.on_train_batch_end(step, logs(step))
    return bar


@pytest.mark.parametrize("width", [80, 120])
def test_screen_of_a_training(monkeypatch, width):
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=True, color_system=None)
    bar = train(console, monkeypatch, validated=(31.5, 20.25))
    kept = file.getvalue().replace("\r", "\n").split("\n")
    (line,) = [part for part in kept if "validation" in part]
    line = line[line.index("step") :].split("\x1b")[0].rstrip()
    screen = Console(file=io.StringIO(), width=width, color_system=None, legacy_windows=False)
    screen.print(bar._bar.get_renderable())
    bar.on_train_end()
    shown = f"{line}\n{screen.file.getvalue().rstrip()}\n"
    assert shown == (SCREENS / f"training_{width}.txt").read_text()
    assert max(map(len, shown.splitlines())) <= width
    assert "200,000/400,000" in shown and shown.endswith("left\n")


def test_a_log_has_a_line_every_thirty_seconds(monkeypatch):
    file = io.StringIO()
    train(Console(file=file, width=80), monkeypatch, steps=6).on_train_end()
    lines = file.getvalue().splitlines()
    assert len(lines) == 3
    for line in lines:
        assert line.startswith("step 19") or line.startswith("step 20")
        for part in ("/400,000", "loss -25.25 -25.25", "PSNR 25.25 dB", "32.0 images/s", " left"):
            assert part in line


def test_a_gradient_too_large_for_float16_is_left_out_of_the_mean(monkeypatch, tmp_path):
    file = io.StringIO()
    bar = train(Console(file=file, width=120, force_terminal=True), monkeypatch, steps=1)
    log = JsonLog(tmp_path / "log.jsonl")
    metrics = MetricsLog(bar.progress, log, None, interval=1000)
    metrics.set_model(types.SimpleNamespace(optimizer=types.SimpleNamespace(learning_rate=0.5)))
    for norm in (np.inf, 0.5, np.nan, 0.0125):
        figures = {**logs(0), "gradient_norm": norm}
        bar.on_train_batch_end(0, figures)
        metrics.on_train_batch_end(0, figures)
        metrics.interval = bar.progress.step
    bar.on_train_end()
    assert "nan" not in file.getvalue() and "inf" not in file.getvalue()
    (first, second, third) = log.records()
    assert "gradient_norm" not in second and first["gradient_norm"] == 0.5
    assert third["gradient_norm"] == 0.0125 and third["psnr"] == 25.25


def test_quiet_is_quiet(monkeypatch):
    file = io.StringIO()
    train(Console(file=file, quiet=True), monkeypatch, validated=(31.5, 20.25)).on_train_end()
    assert file.getvalue() == ""
