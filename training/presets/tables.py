"""The scores of all presets as Markdown tables, made from their cards and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hinet_tf.files import atomic_path

START, END = "<!-- presets: written by training/presets/score.py -->", "<!-- end of presets -->"
_TASKS = {
    "denoise": "Denoising",
    "dejpeg": "Removal of JPEG artefacts",
    "deblur": "Deblurring",
    "derain": "Deraining",
}
# Gaussian colour denoising on Kodak24. CBM3D: benchmarks/peers.py, on the presets' own
# noisy images. DnCNN and HINet: Conde, Geigle and Timofte, "InstructIR", ECCV 2024,
# arXiv:2401.16468v5, table 9; that HINet restores five kinds of degradation (table 2). The others:
# Restormer's table (Zamir et al., CVPR 2022, arXiv:2111.09881); FFDNet's figures are those of its
# authors, on the 500x500 middles (github.com/swz30/Restormer, issue 48).
_OTHERS = {
    "denoise": {
        "CBM3D, told σ; measured": (34.48, 31.90, 28.68),
        "HINet 1×, for five tasks; published": (34.38, 31.84, 28.52),
        "DnCNN, published": (34.60, 32.14, 28.95),
        "FFDNet, published": (34.63, 32.13, 28.98),
        "DRUNet, published": (35.31, 32.89, 29.86),
        "Restormer, published": (35.47, 33.04, 30.01),
    }
}
_OTHERS_SETS = ("kodak24_sigma15", "kodak24_sigma25", "kodak24_sigma50")
_NOTE = """\
PSNR in dB, over this project's small test sets: not the published benchmarks of SIDD, REDS, GoPro
or Rain13k. Images are clamped to [0, 1], the input's too; noise is added without clipping, from a
fixed seed. "Clean photo" is how much of an undamaged Kodak photograph is left."""
_OTHERS_NOTE = {
    "denoise": """\
CBM3D was measured on the very same noisy images (`benchmarks/denoising.md`), and is told σ, which
the presets are not. The other figures are published. HINet (one full-size network for denoising,
deblurring, deraining, dehazing and dark photographs) and DnCNN are as Conde et al. give them
(InstructIR, ECCV 2024, table 9), the rest as Zamir et al. do (Restormer, CVPR 2022, Gaussian colour
denoising). FFDNet's were measured on the 500×500 middles of the photographs.
"""
}
_EXPORT_NOTE = """\
Files take {size} pixels; the change in PSNR is against the float32 model, on the middle of each
test image (denoising: σ 25). How long they take, all in one run: `benchmarks/tflite.md`."""


def preset_tables(cards: Mapping[str, Mapping[str, Any]]) -> str:
    """Writes one table per task, and one of sizes and exports.

    Args:
        cards: Name -> card, of scored presets; cards without scores are left out.

    Returns:
        Markdown.
    """
    cards = {name: card for name, card in cards.items() if card["scores"]}
    if not cards:
        return "No trained model is in the box yet.\n"
    parts = []
    for task, title in _TASKS.items():
        chosen = {name: card for name, card in cards.items() if card["task"] == task}
        if chosen:
            parts.append(f"**{title}**\n\n{_score_table(task, chosen)}")
            if task in _OTHERS_NOTE:
                parts.append(_OTHERS_NOTE[task])
    return "\n".join([*parts, f"{_NOTE}\n", export_table(cards)])


def _score_table(task: str, cards: Mapping[str, Mapping[str, Any]]) -> str:
    first = next(iter(cards.values()))["scores"]["sets"]
    keys = list(first)
    rows = [("input", [first[key]["input_psnr"] for key in keys])]
    for name, card in cards.items():
        sets = card["scores"]["sets"]
        rows.append((f"**{name}**", [sets.get(key, {}).get("psnr") for key in keys]))
    for name, figures in _OTHERS.get(task, {}).items():
        others = dict(zip(_OTHERS_SETS, figures, strict=True))
        rows.append((name, [others.get(key) for key in keys]))
    header = ["", *(first[key]["title"] for key in keys)]
    return _markdown(header, ([name, *map(_decibels, values)] for name, values in rows))


def export_table(cards: Mapping[str, Mapping[str, Any]]) -> str:
    """Writes parameters, cost and what each export loses, one row per preset.

    Args:
        cards: Name -> card, of scored presets.

    Returns:
        Markdown.
    """
    some = next(iter(cards.values()))["scores"]["exports"]
    columns = list(some["files"])
    rows = []
    for name, card in cards.items():
        scores = card["scores"]
        rows.append(
            [
                name,
                f"{card['parameters'] / 1e6:.2f} M",
                f"{scores['multiply_adds'] / 1e9:.2f} G",
                f"{scores['weights_megabytes']:.1f} MB",
                *(_export(scores["exports"]["files"].get(column)) for column in columns),
            ]
        )
    header = [
        *("preset", "parameters", "multiply-adds, 256×256", "weights"),
        *(f"`{column}` .tflite" for column in columns),
    ]
    sizes = " or ".join(dict.fromkeys(card["scores"]["exports"]["size"] for card in cards.values()))
    note = _EXPORT_NOTE.format(size=sizes)
    return f"{_markdown(header, rows)}\n{note}\n"


def replace_between_markers(path: Path, text: str) -> None:
    """Puts text between `START` and `END` of a file.

    Args:
        path: A Markdown file that holds both markers.
        text: What stands between them from now on.

    Raises:
        ValueError: If a marker is missing.
    """
    content = path.read_text(encoding="utf-8")
    before, start, rest = content.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(
            f"{path} lacks the lines {START!r} and {END!r}; put them where the tables go."
        )
    with atomic_path(path) as temporary:
        temporary.write_text(f"{before}{START}\n{text}{END}{after}", encoding="utf-8")


def _markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _decibels(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _export(file: Mapping[str, Any] | None) -> str:
    if file is None:
        return ""
    failed = " (fails a check)" if file["failed_checks"] else ""
    return f"{file['megabytes']:.1f} MB, {-file['drop']:+.3f} dB{failed}"
