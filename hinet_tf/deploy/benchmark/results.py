"""The results of a benchmark as a table, as Markdown and as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from hinet_tf.files import atomic_path

_COLUMNS = (
    ("file", lambda row: row["name"]),
    ("size", lambda row: "{}x{}".format(*row["size"])),
    ("thr.", lambda row: str(row["threads"])),
    ("ms", lambda row: f"{row['median_ms']:.1f}"),
    ("p95", lambda row: f"{row['p95_ms']:.1f}"),
    ("speed", lambda row: f"{row['faster_than_plain']:.2f} x"),
    ("vs Keras", lambda row: f"{row['agreement_db']:.0f} dB"),
    ("lost dB", lambda row: f"{row['drop_db']:.3f}" if row.get("file_mb") else ""),
    ("MB", lambda row: f"{row['file_mb']:.1f}" if row.get("file_mb") else ""),
    ("RAM MB", lambda row: f"{row['memory_mb']:.0f}" if row.get("memory_mb") else ""),
    ("operators by time", lambda row: _top_operators(row.get("operators_ms"))),
)


def _top_operators(times: dict[str, float] | None) -> str:
    total = sum(times.values()) if times else 0
    return ", ".join(f"{kind} {ms / total:.0%}" for kind, ms in list((times or {}).items())[:4])


def as_markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a Markdown table."""
    lines = [" | ".join(name for name, _ in _COLUMNS), " | ".join("---" for _ in _COLUMNS)]
    lines += [" | ".join(text(row) for _, text in _COLUMNS) for row in rows]
    return "".join(f"| {line} |\n" for line in lines)


def as_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The rows as a table for the terminal."""
    # 79 columns, so that it fits where the width of a terminal is unknown.
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    for number, (name, _) in enumerate(_COLUMNS[:-1]):
        table.add_column(name, justify="right" if number > 1 else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(text(row) for _, text in _COLUMNS[:-1]))
    return table


def plot(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draws restored PSNR lost against latency, first size, most threads."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    threads = max(row["threads"] for row in rows)
    size = rows[0]["size"]
    shown = [r for r in rows if r.get("file_mb") and r["threads"] == threads and r["size"] == size]
    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    slowest = max(row["median_ms"] for row in shown)
    for row in shown:
        left = row["median_ms"] < slowest / 2
        axes.scatter(row["median_ms"], row["drop_db"], s=8 * row["file_mb"] + 20, alpha=0.7)
        axes.annotate(
            f"{row['name']}, {row['file_mb']:.1f} MB",
            (row["median_ms"], row["drop_db"]),
            textcoords="offset points",
            xytext=(10 if left else -10, 0),
            ha="left" if left else "right",
            va="center",
            fontsize=9,
        )
    axes.set_xlim(0, 1.1 * slowest)
    axes.set_xlabel(f"milliseconds for {size[0]}x{size[1]}, {threads} threads")
    axes.set_ylabel("restored PSNR lost (dB)")
    axes.margins(y=0.15)
    axes.grid(alpha=0.3)
    axes.set_title("What a recipe costs and gains (area: file size)")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=120)
    pyplot.close(figure)
