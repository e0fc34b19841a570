"""Makes a preset of one or more trainings that followed one another.

    python training/presets/publish.py --run runs/a --run runs/b --hardware "2 CPU cores"

The weights are those of the last run's best model, rounded to float16. --average takes the mean of
them and of those that the run started from, which may keep most of what both can (Wortsman et al.,
"Robust fine-tuning of zero-shot models", CVPR 2022): score it beside the run alone.

Writes NAME.npz and the card NAME.json into the package, and the page NAME.md with learning curves
and the worst pictures into docs/presets. training/presets/score.py then adds the scores; those of
the same weights are kept.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hinet_tf.command_line import EXIT_DONE, CommandParser, load_tensorflow, run_command


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = CommandParser(__doc__)
    add = parser.add_argument
    add("--run", required=True, action="append", type=Path, metavar="DIR", help="in their order")
    add("--hardware", required=True, action="append", help="what it ran on; once, or once per run")
    add("--commit", action="append", help="of each run (default: the last before it began)")
    add("--hours", action="append", type=float, help="of each run (default: by its log)")
    add("--program", action="append", help="of each run (default: training/train.py)")
    add("--weights", choices=("best", "last"), default="best", help="of the last run")
    add("--average", action="store_true", help="half its weights, half those it started from")
    add("--name", help="of the preset (default: TASK_SCALEx)")
    add("--out", type=Path, default=Path("hinet_tf/models/presets"), metavar="DIR")
    add("--docs", type=Path, default=Path("docs/presets"), metavar="DIR")
    args = parser.parse_args(argv)
    for key in ("hardware", "commit", "hours", "program"):
        values = getattr(args, key) or [None] * len(args.run)
        if key == "hardware" and len(values) == 1:
            values = values * len(args.run)
        if len(values) != len(args.run):
            parser.error(f"--{key} must be given once per --run, received {len(values)}")
        setattr(args, key, values)
    return args


def run(args: argparse.Namespace) -> int:
    """Writes files, page and pictures; returns the exit code."""
    load_tensorflow()
    # Late, so that a wrong command is answered at once.
    import numpy as np
    from hinet_tf.training.presets.examples import check_scores
    from hinet_tf.training.presets.history import read_run, records
    from hinet_tf.training.presets.page import draw_failures, write_page

    from hinet_tf.files import atomic_path
    from hinet_tf.inference import Restorer
    from hinet_tf.models import HINet, open_model
    from hinet_tf.models.presets import is_preset, preset_card, write_card, write_preset
    from hinet_tf.plots import learning_curve

    made_by = [
        read_run(*details)
        for details in zip(
            args.run, args.hardware, args.commit, args.hours, args.program, strict=True
        )
    ]
    trained = open_model(args.run[-1] / f"{args.weights}.keras")
    if args.average:
        start = made_by[-1]["recipe"]["init"]
        started = args.run[-2] if len(args.run) > 1 else None
        if start is None or (Path(start) != started if started else not is_preset(start)):
            expected = started or "a preset, or a run that is named before it"
            raise ValueError(f"{args.run[-1]} started from {start}; expected {expected}.")
        earlier = open_model(started / f"{args.weights}.keras" if started else start)
        if _network(trained) != _network(earlier):
            raise ValueError(
                f"--average needs two trainings of one network. {args.run[-1]} has "
                f"{_network(trained)}, {started} has {_network(earlier)}."
            )
        weights = zip(trained.get_weights(), earlier.get_weights(), strict=True)
        trained.set_weights([(one + other) / 2 for one, other in weights])
    start = made_by[0]["recipe"]["init"]
    if start and is_preset(start):
        # What went before is on the card of the preset that the first run started from.
        commands = [step["command"] for step in made_by]
        earlier_steps = preset_card(start)["made_by"]
        made_by = [s for s in earlier_steps if s["command"] not in commands] + made_by
    rounded = HINet.from_config(trained.get_config())
    rounded.set_weights([weight.astype(np.float16) for weight in trained.get_weights()])
    card = _card(args.name, rounded, made_by) | {"averaged": args.average}
    restorer = Restorer(rounded, precision="float32")
    card["check"] = check_scores(restorer, card["task"])
    card["rounding"] = _rounding(Restorer(trained, precision="float32"), restorer, card)

    before = len(made_by) - len(args.run)
    steps = zip(args.run, made_by[before:], strict=True)
    for number, (directory, step) in enumerate(steps, start=before + 1):
        step["curve"] = f"{card['name']}_curve{number}.webp"
        with atomic_path(args.docs / step["curve"]) as temporary:
            learning_curve(temporary, records(directory))
    card["failures"] = draw_failures(args.docs, card["name"], card["task"], restorer)
    path = args.out / f"{card['name']}.json"
    previous = preset_card(path) if path.is_file() else {"sha256": None}
    write_preset(args.out, card, rounded)
    card = preset_card(path)
    if card["sha256"] == previous["sha256"]:
        card["scores"] = previous["scores"]
        write_card(args.out, card)
    page = write_page(args.docs, card)
    print(f"{path.with_suffix('.npz')} ({path.with_suffix('.npz').stat().st_size / 1e6:.1f} MB)")
    for name, psnr in card["check"].items():
        print(f"  {name}: {psnr['input']:.2f} -> {psnr['restored']:.2f} dB")
    print(f"  lost by float16: {card['rounding']['drop']:.4f} dB")
    print(f"{path}\n{page}")
    return EXIT_DONE


def _card(name: str | None, model, made_by: list[dict[str, Any]]) -> dict[str, Any]:
    from hinet_tf.training.presets.facts import LICENSE, STATED, data_statements

    recipe = made_by[-1]["recipe"]
    folders = [Path(folder).name for step in made_by for folder in step["images"]]
    return {
        "name": name or f"{recipe['task']}_{recipe['scale']:g}x",
        "task": recipe["task"],
        "scale": recipe["scale"],
        "config": _network(model),
        "parameters": model.count_params(),
        "sha256": "",
        "license": LICENSE,
        "training_data": data_statements(list(dict.fromkeys(folders))),
        **STATED[recipe["task"]],
        "made_by": made_by,
        "scores": {},
    }


def _network(model) -> dict[str, Any]:
    config = model.get_config()
    return {key: config[key] for key in ("width", "depth", "hin_levels", "channels")}


def _rounding(trained, rounded, card: dict[str, Any]) -> dict[str, float]:
    """What rounding to float16 changed: decibels lost, and decibels between both outputs."""
    import numpy as np
    from hinet_tf.training.presets.examples import check_pairs, check_scores

    from hinet_tf.metrics.psnr import psnr

    pairs = check_pairs(card["task"])
    restored = [
        np.stack([restorer.restore(pair.degraded) for pair in pairs])
        for restorer in (trained, rounded)
    ]
    before, after = (
        np.mean([psnr["restored"] for psnr in scores.values()])
        for scores in (check_scores(trained, card["task"]), card["check"])
    )
    return {
        "drop": round(float(before - after), 4),
        # Weights that float16 holds as they are agree without end, and JSON has no infinity.
        "agreement": min(psnr(*restored), 200.0),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    args = parse_args(argv)
    return run_command(lambda: run(args))


if __name__ == "__main__":
    raise SystemExit(main())
