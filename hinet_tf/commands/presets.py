"""Lists the trained models that come with this package.

    hinet presets
    hinet presets denoise_0.25x
    hinet presets --json -

With a name: what it is for, what it is not for, what it was trained on, and its scores. Cost is
multiply-adds for an image of 256x256; a score is the mean PSNR of the first test set of the card.
"""

import argparse
import textwrap
from collections.abc import Sequence
from typing import Any

from hinet_tf.command_line import CommandParser, UsageError, command_main
from hinet_tf.commands.options import add_json_option, write_json
from hinet_tf.models.presets.registry import is_preset, preset_card, preset_names


def make_parser() -> CommandParser:
    """The parser of the command."""
    parser = CommandParser(__doc__, "presets")
    parser.add_argument("name", nargs="?", metavar="NAME", help="a preset to read about")
    add_json_option(parser, "the whole cards")
    return parser


def run(args: argparse.Namespace) -> None:
    """Prints the table, or the card of one preset."""
    if args.name and not is_preset(args.name):
        raise UsageError(f"No preset {args.name!r}; expected one of: {', '.join(preset_names())}")
    cards = [preset_card(name) for name in ([args.name] if args.name else preset_names())]
    if args.json:
        write_json(args.json, cards)
    if str(args.json) != "-":
        print(_about(cards[0]) if args.name else "\n".join(_table(cards)))


def _table(cards: Sequence[dict[str, Any]]) -> list[str]:
    rows = [("preset", "task", "size", "params", "cost", "score")]
    for card in cards:
        scores = card["scores"] or {}
        rows.append(
            (
                card["name"],
                card["task"],
                f"{card['scale']:g}x",
                f"{card['parameters'] / 1e6:.2f} M",
                f"{scores['multiply_adds'] / 1e9:.2f} G" if "multiply_adds" in scores else "-",
                _score(next(iter(_sets(card).values()), None)),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return [*lines, "", "hinet presets NAME says what it is for and what it was trained on."]


def _about(card: dict[str, Any]) -> str:
    lines = [f"{card['name']}: {card.get('title') or card['task']}", "", card["intended_use"] or ""]
    lines += ["", "Limits:", *(f"- {limit}" for limit in card["limits"] or ())]
    lines += ["", f"Licence: {card['license']}. Trained on:"]
    lines += [f"- {data['name']} ({data['license']})" for data in card["training_data"]]
    lines += ["", "Scores:", *map(_scored, _sets(card).values())]
    indents = ["  " if line.startswith("- ") else "" for line in lines]
    return "\n".join(
        textwrap.fill(line, 80, subsequent_indent=indent)
        for line, indent in zip(lines, indents, strict=True)
    )


def _scored(figures: dict[str, Any]) -> str:
    before = "" if figures["input_psnr"] is None else f"; its input {figures['input_psnr']:.2f} dB"
    return f"- {_score(figures)}{before}"


def _sets(card: dict[str, Any]) -> dict[str, Any]:
    return (card["scores"] or {}).get("sets", {})


def _score(figures: dict[str, Any] | None) -> str:
    if not figures:
        return "-"
    return f"{figures['psnr']:.2f} dB, {figures['title']}"


main = command_main(run, make_parser)
