"""Scores presets on this project's small test sets, and refreshes the tables of the README.

    python training/presets/score.py --data DATA
    python training/presets/score.py --data DATA --preset dejpeg_0.25x
    python training/presets/score.py --data DATA --files
    python training/presets/score.py --tables

DATA holds manifests/eval.csv and the images that it names, and manifests/train.csv, of which
three scenes of real noise and a sequence of real blur are held back from training and scored. The
scores go into each preset's card, from there into its page in docs/presets and into the tables of
README.md. --files scores the .tflite files alone, --tables nothing; either writes pages and tables
anew. What training/presets/facts.py states goes into the cards in any case.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hinet_tf.command_line import EXIT_DONE, CommandParser, load_tensorflow, run_command


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = CommandParser(__doc__)
    add = parser.add_argument
    work = parser.add_mutually_exclusive_group(required=True)
    work.add_argument("--data", type=Path, metavar="DATA", help="folder with manifests/eval.csv")
    work.add_argument("--tables", action="store_true", help="score nothing")
    add("--preset", action="append", metavar="NAME", help="score this one (default: all)")
    add("--limit", type=int, metavar="N", help="the first N images of each set, to try it out")
    add("--files", action="store_true", help="score the .tflite files alone")
    add("--quantization", action="append", help="of .tflite (default: float16, int8_dynamic, int8)")
    add("--presets", type=Path, default=Path("hinet_tf/models/presets"), metavar="DIR")
    add("--docs", type=Path, default=Path("docs/presets"), metavar="DIR")
    add("--readme", type=Path, default=Path("README.md"), metavar="FILE")
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Scores, and writes cards, pages and tables; returns the exit code."""
    load_tensorflow()
    # Late, so that a wrong command is answered at once.
    from hinet_tf.training.presets.facts import STATED
    from hinet_tf.training.presets.page import write_page
    from hinet_tf.training.presets.tables import preset_tables, replace_between_markers
    from rich.console import Console

    from hinet_tf.models.presets import preset_card, write_card

    cards = {path.stem: preset_card(path) for path in sorted(args.presets.glob("*.json"))}
    unknown = [name for name in args.preset or [] if name not in cards]
    if unknown:
        raise ValueError(
            f"No such preset in {args.presets}. Received: {unknown[0]!r}. Expected one of: "
            f"{', '.join(cards) or '(none)'}."
        )
    console = Console(stderr=True, highlight=False)
    for name in [] if args.tables else args.preset or list(cards):
        with console.status(name) as status:
            cards[name]["scores"] = _score(args, name, cards[name], status)
        write_card(args.presets, cards[name])
    for card in cards.values():
        card |= STATED[card["task"]]
        write_card(args.presets, card)
        write_page(args.docs, card)
    replace_between_markers(args.readme, preset_tables(cards))
    print(f"{len(cards)} presets in {args.readme}")
    return EXIT_DONE


def _score(
    args: argparse.Namespace, name: str, card: Mapping[str, Any], status: Any
) -> dict[str, Any]:
    from hinet_tf.training.presets.export_scores import QUANTIZATIONS, score_exports
    from hinet_tf.training.presets.test_sets import preset_test_sets

    from hinet_tf.engine.estimates import multiply_adds
    from hinet_tf.inference import Restorer
    from hinet_tf.models import HINet

    task, path = card["task"], args.presets / f"{name}.json"
    model = HINet.from_preset(path)
    # Whole images, as published figures are; 64 GB of feature maps are more than any takes.
    restorer = Restorer(model, precision="float32", memory=2**36)
    test_sets = [
        test_set._replace(pairs=test_set.pairs[: args.limit])
        for test_set in preset_test_sets(task, args.data)
    ]
    sets = card["scores"]["sets"] if args.files else {}
    for test_set in [] if args.files else test_sets:
        status.update(f"{name}: {test_set.title}")
        sets[test_set.key] = _score_set(restorer, test_set)
        print(f"{name}, {test_set.title}: {_line(sets[test_set.key])}", flush=True)
    main_set = next((one for one in test_sets if one.key == "kodak24_sigma25"), test_sets[0])
    exports = score_exports(
        model,
        task,
        main_set,
        args.quantization or QUANTIZATIONS,
        lambda part: status.update(f"{name}: {part}"),
    )
    print(f"{name}, float32: {exports['float32_psnr']:.3f} dB")
    for quantization, file in exports["files"].items():
        print(
            f"{name}, {quantization}: {file['megabytes']:.2f} MB, {file['psnr']:.3f} dB, "
            f"{file['drop']:.3f} dB lost{''.join(f'; fails: {c}' for c in file['failed_checks'])}",
            flush=True,
        )
    return {
        "sets": sets,
        "exports": exports,
        "multiply_adds": multiply_adds(model.width, 256),
        "weights_megabytes": path.with_suffix(".npz").stat().st_size / 1e6,
    }


def _score_set(restorer, test_set) -> dict[str, Any]:
    from hinet_tf.evaluation.scoring import score_pairs, summarize

    protocol = test_set.protocol
    summary = summarize(score_pairs(restorer, test_set.pairs, [protocol], test_set.output))
    after, before = (summary[side][protocol] for side in ("restored", "degraded"))
    result = {
        "title": test_set.title,
        "images": summary["images"],
        "protocol": protocol,
        "output": test_set.output,
        "psnr": after["psnr"],
        "ssim": after["ssim"],
        "input_psnr": before["psnr"],
        "input_ssim": before["ssim"],
    }
    # A clean photo has no score of its own.
    return result | ({"input_psnr": None, "input_ssim": None} if test_set.key == "clean" else {})


def _line(score: dict[str, Any]) -> str:
    before = "" if score["input_psnr"] is None else f"{score['input_psnr']:.2f} -> "
    return f"{before}{score['psnr']:.2f} dB over {score['images']} images"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    args = parse_args(argv)
    return run_command(lambda: run(args))


if __name__ == "__main__":
    raise SystemExit(main())
