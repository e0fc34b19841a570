r"""Scores models on test sets under the published protocols.

    hinet evaluate --task denoise --model denoise.keras --data SIDD
    hinet evaluate --task deblur --model HINet-GoPro.pth --data GoPro --local
    hinet evaluate --task derain --model derain.keras --data Rain13k/test \
        --json scores.json --csv scores.csv --gallery gallery
    hinet evaluate --task denoise --compare small.keras large.keras --data DIR \
        --set degradation=gaussian_noise --set sigma=25

DIR is one of:

{layouts}DIR with clean images only       degraded as the task's recipe says (--set)
builtin, tfds:NAME               what training validates on

--model takes a .keras file, a preset, a SavedModel folder, a .tflite file or an official .pth.
What each protocol fixes is listed in docs/scoring.md. Denoising scores the float output as the
official SIDD test does, the other tasks the rounded 8-bit image; --output changes that. In a
checkout, training/evaluate.py is the same command.
"""

import argparse
from pathlib import Path

from hinet_tf.command_line import CommandParser, command_main, load_tensorflow
from hinet_tf.commands.checks import (
    check_apart,
    check_data,
    check_model,
    check_out_file,
    check_out_folder,
    check_tiles,
)
from hinet_tf.commands.options import (
    ANY_MODEL,
    add_engine_option,
    add_model_option,
    add_quiet_option,
    add_restorer_options,
    message_console,
    restorer_settings,
    whole_number,
    write_json,
)
from hinet_tf.commands.preset_options import check_task
from hinet_tf.commands.progress import tracked
from hinet_tf.commands.recipe_options import (
    add_set_option,
    check_degradation_keys,
    overridden_recipe,
)
from hinet_tf.tasks import TASKS

_PROTOCOLS = {"derain": "hinet_y,matlab_y"}
_ALL = "hinet,hinet_y,matlab,matlab_y,basicsr,basicsr_y"


def make_parser() -> CommandParser:
    """The parser of the command."""
    from hinet_tf.evaluation.pairs import LAYOUTS_HELP

    parser = CommandParser(__doc__.format(layouts=LAYOUTS_HELP), "evaluate")
    add = parser.add_argument
    add("--task", required=True, choices=TASKS)
    models = parser.add_mutually_exclusive_group(required=True)
    add_model_option(models, ANY_MODEL)
    models.add_argument("--compare", nargs=2, metavar=("A", "B"), help="score two, and B - A")
    add("--data", required=True, metavar="DIR", help="the test set")
    add("--folders", nargs=2, metavar=("INPUT", "TARGET"), help="two folders of DIR to pair")
    add("--protocol", type=_protocols, help=f"one or more of {_ALL}, with commas; or all")
    add("--output", choices=("float", "uint8"), help="what is scored (default: by the task)")
    add("--limit", type=whole_number(1), help="score the first N images only")
    add_set_option(parser, "recipe key, as for hinet train")
    add("--force", action="store_true", help="score a preset of another task all the same")
    add_quiet_option(parser)
    results = parser.add_argument_group("results")
    results.add_argument("--csv", type=Path, metavar="FILE", help="one row per image")
    results.add_argument("--json", type=Path, metavar="FILE", help="means, images and settings")
    results.add_argument("--images", type=Path, metavar="DIR", help="restored images as PNG")
    results.add_argument("--gallery", type=Path, metavar="DIR", help="page of the worst images")
    results.add_argument("--gallery-images", type=whole_number(1), default=24, metavar="N")
    network = parser.add_argument_group("network")
    add_engine_option(network)
    add_restorer_options(network, "64G", "auto")
    return parser


def _protocols(text: str) -> list[str]:
    names = (_ALL if text == "all" else text).split(",")
    unknown = [name for name in names if name not in _ALL.split(",")]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"unknown protocol {unknown[0]!r}, expected one or more of {_ALL}, or all"
        )
    return names


def run(args: argparse.Namespace) -> None:
    """Scores one or two models and writes what was asked for."""
    args.protocols = args.protocol or _protocols(_PROTOCOLS.get(args.task, "hinet,matlab"))
    args.output = args.output or ("float" if args.task == "denoise" else "uint8")
    models = args.compare or [args.model]
    for model in models:
        check_model(model, args.local, engine=args.engine)
        check_task(model, args.task, args.force)
    recipe = overridden_recipe(args, args.set)
    check_degradation_keys(recipe, args.set)
    check_data(args.data)
    check_tiles(args)
    for file, suffix in ((args.csv, ".csv"), (args.json, ".json")):
        if file:
            check_out_file(file, suffix, option=f"--{suffix[1:]}")
    for folder, option in ((args.images, "--images"), (args.gallery, "--gallery")):
        if folder:
            check_out_folder(folder, option)
            check_apart(folder, args.data, option)
    load_tensorflow(args.quiet)
    # Late, so that a wrong command is answered at once.
    from rich.console import Console

    from hinet_tf.engine.recipe_parts import build_degradation
    from hinet_tf.evaluation.gallery import Gallery
    from hinet_tf.evaluation.pairs import open_pairs
    from hinet_tf.evaluation.report import difference_lines, finite, summary_table, write_csv
    from hinet_tf.evaluation.scoring import paired_difference, summarize

    say = Console(highlight=False, soft_wrap=True, quiet=args.quiet).print
    pairs = open_pairs(args.data, build_degradation(recipe), recipe.seed, args.folders)
    pairs = pairs[: args.limit]
    report = {
        "task": args.task,
        "data": args.data,
        "output": args.output,
        "degradation": {
            key: getattr(recipe, key) for key in ("degradation", "sigma", "quality", "seed")
        },
        "network": {
            key: getattr(args, key)
            for key in ("engine", "precision", "local", "fast", "self_ensemble", "tile")
        }
        | {"overlap": restorer_settings(args)["overlap"]},
        "models": [],
    }
    scores = []
    for number, model in enumerate(models):
        gallery = None
        if args.gallery:
            folder = args.gallery / f"model{number + 1}" if args.compare else args.gallery
            gallery = Gallery(folder, args.protocols[0], args.gallery_images)
        restorer = _open_restorer(args, model)
        say(f"Engine {restorer.engine_name}, {restorer.precision}")
        scores.append(_score(args, restorer, number, pairs, gallery))
        summary = summarize(scores[-1])
        report["models"].append(
            {
                "model": model,
                "engine": restorer.engine_name,
                "precision": restorer.precision,
                **summary,
                "scores": [score._asdict() for score in scores[-1]],
            }
        )
        say(summary_table(f"{model}: {summary['images']} images", summary))
        identical = max(means["identical"] for means in summary["restored"].values())
        if identical:
            say(f"{identical} images equal their target and are left out of the mean PSNR.")
        if gallery:
            page = gallery.write(summary, f"{model} on {args.data}", _subtitle(args, summary))
            say(f"gallery: {page}")
    if args.compare:
        report["differences"] = {
            protocol: {
                key: paired_difference(
                    *[[score.restored[protocol][key] for score in side] for side in scores]
                )
                for key in ("psnr", "ssim")
            }
            for protocol in args.protocols
        }
        say("\n".join(difference_lines(report["differences"])))
    if args.csv:
        write_csv(args.csv, models, scores)
    if args.json:
        write_json(args.json, finite(report))


def _open_restorer(args: argparse.Namespace, model: str):
    from hinet_tf.inference import Restorer
    from hinet_tf.models import open_model

    return Restorer(
        open_model(model, local=args.local),
        engine=args.engine,
        fast=args.fast,
        name=str(model),
        **restorer_settings(args),
    )


def _score(args: argparse.Namespace, restorer, number: int, pairs: list, gallery) -> list:
    import numpy as np
    from PIL import Image

    from hinet_tf.evaluation.scoring import score_pairs
    from hinet_tf.files import atomic_path

    def keep(score, images: dict) -> None:
        if gallery:
            gallery.add(score, images)
        if args.images:
            folder = args.images / f"model{number + 1}" if args.compare else args.images
            with atomic_path(folder / score.set_name / f"{score.name}.png") as temporary:
                Image.fromarray(np.squeeze(images["restored"])).save(temporary)

    items = tracked(pairs, "Scoring", message_console(args))
    return score_pairs(restorer, items, args.protocols, args.output, keep)


def _subtitle(args: argparse.Namespace, summary: dict) -> str:
    return (
        f"{summary['images']} images, ranked by {args.protocols[0]} PSNR, {args.output} output"
        f"{', local statistics' if args.local else ''}{', stage 1 only' if args.fast else ''}"
        f"{', self-ensemble' if args.self_ensemble else ''}"
    )


main = command_main(run, make_parser)
