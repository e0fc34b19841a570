"""Trains the presets one after another, at low priority, and goes on where it stopped.

    python training/presets/campaign.py --runs runs/presets
    python training/presets/campaign.py --runs runs/presets --status
    python training/presets/campaign.py --runs runs/presets --only denoise_0.25x

Each training is a command of `training/train.py` with a run directory of its own, and waits for
those before it. One that has all of its steps is skipped, one that was interrupted is resumed; so
that this command may be stopped and started at any time. The data are what
`training/presets/lay_out_data.py` leaves in runs/preset_data.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hinet_tf.command_line import EXIT_DONE, EXIT_FAILED, CommandParser, UsageError, run_command


class Training(NamedTuple):
    """One training of the campaign.

    Example:
    >>> Training("dejpeg_0.25x", "dejpeg", "photos", {"steps": "100"}).steps
    100
    """

    name: str
    task: str
    data: str
    settings: dict[str, str]

    @property
    def steps(self) -> int:
        """Optimizer steps of the whole training."""
        return int(self.settings["steps"])

    def command(self, runs: Path, data: Path) -> list[str]:
        """Returns the command line that starts or resumes it.

        Args:
            runs: Folder of the run directories.
            data: Folder that `lay_out_data.py` wrote.

        Returns:
            The words of the command.
        """
        folders = ",".join(str(data / folder) for folder in self.data.split(","))
        settings = [f"{key}={value}" for key, value in self.settings.items()]
        options = [word for setting in settings for word in ("--set", setting)]
        program = [sys.executable, "training/train.py", "--task", self.task, "--data", folders]
        return [*program, *options, "--run", str(runs / self.name)]


# Yields to other work, and still advances beside it: at 19 it would starve.
_NICENESS = 4
# What every training here shares: four patches are a step of half a second on two cores.
_COMMON = {"patch": "128", "batch": "4", "ema": "0.999", "final_learning_rate": "1e-6"}
_NOISE = _COMMON | {
    "degradation": "photo_noise",
    "sigma": "0,60",
    "quality": "70,100",
    "shares": "5,4,0.4",
    "save_every": "250",
}
_GRAIN = _NOISE | {
    "save_every": "500",
    "shares": "5,4,0.8",
    "ema": "0.998",
    "precision": "bfloat16",
}
# Short, so that what is restored in float stays: targets are what it restored before.
_ROUNDED = {"steps": "400", "learning_rate": "5e-5", "ema": "0.98", "validate_every": "100"}
_CLEAN = _COMMON | {"shares": "5,4", "save_every": "200", "validate_every": "1000"}
CAMPAIGN = (
    Training(
        "dejpeg_0.25x_longer",
        "dejpeg",
        "photos,small",
        {"init": "dejpeg_0.25x", "scale": "0.25", "steps": "11000", "learning_rate": "7e-4"}
        | _CLEAN
        | {"quality": "8,60", "ema": "0.998", "save_every": "250", "validate_every": "2800"}
        | {"seed": "21"},
    ),
    Training(
        "dejpeg_0.25x_further",
        "dejpeg",
        "photos,small",
        {"init": "dejpeg_0.25x", "scale": "0.25", "steps": "20000", "learning_rate": "7e-4"}
        | _CLEAN
        | {"quality": "8,60", "ema": "0.998", "save_every": "500", "validate_every": "5000"}
        | {"seed": "42", "precision": "bfloat16"},
    ),
    Training(
        "derain_0.25x_again",
        "derain",
        "photos,small",
        {"init": "derain_0.25x", "scale": "0.25", "steps": "5000", "learning_rate": "6e-4"}
        | _CLEAN,
    ),
    Training(
        "denoise_0.25x_longer",
        "denoise",
        "photos,small,sidd",
        {"init": "denoise_0.25x", "scale": "0.25", "steps": "13000", "learning_rate": "7e-4"}
        | _NOISE
        | {"validate_every": "4000", "save_every": "250", "shares": "5,4,1.2", "ema": "0.998"}
        | {"seed": "22", "precision": "bfloat16"},
    ),
    Training(
        "denoise_0.25x_grain",
        "denoise",
        "photos,small,sidd",
        {"init": "denoise_0.25x", "scale": "0.25", "steps": "24000", "learning_rate": "7e-4"}
        | _GRAIN
        | {"validate_every": "5000", "seed": "32"},
    ),
    Training(
        "denoise_0.25x_clean",
        "denoise",
        "photos,small,sidd",
        {"init": "denoise_0.25x", "scale": "0.25", "steps": "3000", "learning_rate": "2e-4"}
        | _GRAIN
        | {"validate_every": "2000", "seed": "34"},
    ),
    Training(
        "deblur_0.25x_longer",
        "deblur",
        "motion,small,photos",
        {"init": "deblur_0.25x", "scale": "0.25", "steps": "13000", "learning_rate": "6e-4"}
        | _COMMON
        | {"degradation": "photo_blur", "quality": "70,100", "shares": "6,3,3", "ema": "0.998"}
        | {"save_every": "250", "validate_every": "2600", "seed": "12"},
    ),
    Training(
        "deblur_0.25x_wide",
        "deblur",
        "motion,small,photos",
        {"init": "deblur_0.25x", "scale": "0.25", "steps": "34000", "learning_rate": "6e-4"}
        | _COMMON
        | {"degradation": "photo_blur", "quality": "70,100", "shares": "6,3,3", "ema": "0.998"}
        | {"save_every": "500", "validate_every": "4000", "seed": "51", "precision": "bfloat16"}
        | {"patch": "192", "batch": "2"},
    ),
    Training(
        "denoise_0.125x_mosaic",
        "denoise",
        "photos,small,sidd",
        {"init": "denoise_0.125x", "scale": "0.125", "steps": "3500", "learning_rate": "6e-4"}
        | _NOISE
        | {"validate_every": "1000", "shares": "5,4,1.2"},
    ),
    Training(
        "denoise_0.125x_grain",
        "denoise",
        "photos,small,sidd",
        {"init": "denoise_0.125x", "scale": "0.125", "steps": "8000", "learning_rate": "6e-4"}
        | _GRAIN
        | {"validate_every": "2000", "seed": "33"},
    ),
    Training(
        "denoise_0.25x_rounded",
        "denoise",
        "photos,small,sidd",
        {"init": "denoise_0.25x", "scale": "0.25", "quantize": "int8_dynamic"}
        | _NOISE
        | _ROUNDED
        | {"shares": "5,4,1.2"},
    ),
    Training(
        "dejpeg_0.25x_rounded",
        "dejpeg",
        "photos,small",
        {"init": "dejpeg_0.25x", "scale": "0.25", "quantize": "int8_dynamic"}
        | _CLEAN
        | _ROUNDED
        | {"quality": "8,60"},
    ),
    Training(
        "derain_0.25x_rounded",
        "derain",
        "photos,small",
        {"init": "derain_0.25x", "scale": "0.25", "quantize": "int8"} | _CLEAN | _ROUNDED,
    ),
    Training(
        "deblur_0.25x_rounded",
        "deblur",
        "motion,small,photos",
        {"init": "deblur_0.25x", "scale": "0.25", "quantize": "int8"}
        | _COMMON
        | {"degradation": "photo_blur", "quality": "70,100", "shares": "6,3,3"}
        | _ROUNDED,
    ),
    Training(
        "denoise_0.125x_rounded",
        "denoise",
        "photos,small,sidd",
        {"init": "denoise_0.125x", "scale": "0.125", "quantize": "int8"}
        | _NOISE
        | _ROUNDED
        | {"shares": "5,4,1.2"},
    ),
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = CommandParser(__doc__)
    add = parser.add_argument
    add("--runs", type=Path, default=Path("runs/presets"), metavar="DIR", help="run directories")
    add("--data", type=Path, default=Path("runs/preset_data"), metavar="DIR", help="laid-out data")
    add("--only", action="append", metavar="NAME", help="of these trainings (default: all)")
    add("--status", action="store_true", help="say what stands where, and train nothing")
    return parser.parse_args(argv)


def steps_done(run: Path) -> int:
    """Returns the last step in the log of a run, 0 where there is none."""
    log = run / "log.jsonl"
    lines = log.read_text().splitlines() if log.is_file() else []
    for line in reversed(lines):
        try:
            return int(json.loads(line)["step"])
        except (ValueError, KeyError):
            # The last line of an interrupted run may be torn.
            continue
    return 0


def state(training: Training, run: Path) -> str:
    """Returns one line on a training: its steps, and the validation PSNR of its best model."""
    done = steps_done(run)
    mark = "done" if is_finished(training, run) else "to do" if not done else "under way"
    return f"{training.name:24} {mark:10} step {done:6} of {training.steps}"


def is_finished(training: Training, run: Path) -> bool:
    """Tells whether a training has all of its steps and wrote its models."""
    return steps_done(run) >= training.steps and (run / "report.html").is_file()


def chosen_trainings(only: Sequence[str] | None) -> list[Training]:
    """Returns the trainings of these names, in the campaign's order.

    Args:
        only: Names; `None` for all.

    Returns:
        The trainings.

    Raises:
        UsageError: If a name is unknown.
    """
    names = [training.name for training in CAMPAIGN]
    for name in only or ():
        if name not in names:
            raise UsageError(f"--only {name}: no such training; expected one of {', '.join(names)}")
    return [training for training in CAMPAIGN if not only or training.name in only]


def run(args: argparse.Namespace) -> int:
    """Trains what is left, or says what stands where; returns the exit code."""
    trainings = chosen_trainings(args.only)
    if not args.status:
        os.nice(_NICENESS)
    for training in trainings:
        directory = args.runs / training.name
        if not args.status and not is_finished(training, directory):
            print(state(training, directory), flush=True)
            code = subprocess.run(training.command(args.runs, args.data)).returncode
            # A training that was asked to stop ends well and unfinished: then so does all.
            if code or not is_finished(training, directory):
                print(state(training, directory))
                return EXIT_FAILED if code else EXIT_DONE
        print(state(training, directory), flush=True)
    return EXIT_DONE


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    args = parse_args(argv)
    return run_command(lambda: run(args))


if __name__ == "__main__":
    raise SystemExit(main())
