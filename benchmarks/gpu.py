"""The speed table of the HINet paper, on this machine's GPU or, with smaller sizes, on its CPU.

    python benchmarks/gpu.py --out results/gpu.json

HINet 0.5x and 1x of this project on Keras' JAX and PyTorch backends, the same network in plain
PyTorch, and MPRNet in plain PyTorch, as the paper's rival. TensorFlow is not needed. The sides take
turns, one group of size, batch and precision after the other, the cheap and telling groups first;
when --budget is used up, the rest is listed as left out. JAX_COMPILATION_CACHE_DIR makes a second
call reach further. Weights are random: they do not change the work.

Float32 is what each framework does by default: convolutions in TF32 on a GPU that has it. On a CPU
every side is bound to one core, its processor time is taken, and memory is that of the process.
"""

import argparse
import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from gpu_sides import BACKENDS, SIDES, Work, serve
from mprnet import SIZES as MPRNETS

PLAIN = "PyTorch"
LEFT_OUT = "left out: no time left"
# How many times as fast as MPRNet the paper says HINet is: scale -> task -> times.
PAPER = {0.5: {"denoise": 6.8}, 1.0: {"denoise": 2.9, "deblur": 3.3, "derain": 1.4}}
DEFAULTS = {
    "cuda": {"sizes": ["256x256", "1280x720"], "batches": [1, 8], "train": "256x256/16"},
    "cpu": {"sizes": ["128x128", "192x128"], "batches": [1, 2], "train": "64x64/2"},
}


def parse_args(argv=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=DEFAULTS, help="default: the GPU if PyTorch has one")
    parser.add_argument("--scales", nargs="+", type=float, default=[0.5, 1.0])
    parser.add_argument("--sizes", nargs="+", metavar="WxH")
    parser.add_argument("--batches", nargs="+", type=int)
    parser.add_argument("--precisions", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument(
        "--train", metavar="WxH/BATCH", help="patches of a training step, or 'none'"
    )
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--mprnets", nargs="*", choices=MPRNETS, default=list(MPRNETS))
    parser.add_argument("--budget", type=float, default=225, help="seconds for everything")
    parser.add_argument("--limit", type=float, default=60, help="seconds for one row")
    parser.add_argument("--out", type=Path, help="JSON file for the numbers")
    parser.add_argument("--serve", choices=SIDES, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    args.device = args.device or default_device()
    for name, value in DEFAULTS[args.device].items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    return args


def default_device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def rows(args) -> list[tuple[str, Work]]:
    """What is to be measured, as (side, work), in the order of measuring.

    A group's rank is the number of second choices in it, so that every size, batch and precision
    is met early. Compiling takes PyTorch tens of seconds a row: those rows come last.
    """
    groups = [
        (i + j + k, "restore", size, batch, precision)
        for i, size in enumerate(args.sizes)
        for j, batch in enumerate(args.batches)
        for k, precision in enumerate(args.precisions)
    ]
    if args.train != "none":
        size, _, batch = args.train.partition("/")
        trained = [(k + 1, "train", size, int(batch), p) for k, p in enumerate(args.precisions)]
        groups += trained
    ranked = []
    for rank, *group in groups:
        for scale in args.scales:
            for side in args.sides:
                last = side == "PyTorch, compiled"
                ranked.append((last, rank, side, Work("hinet", scale, *group)))
        if group[0] == "restore":
            ranked += [(False, rank, PLAIN, Work(task, 1.0, *group)) for task in args.mprnets]
    return [(side, work) for _, _, side, work in sorted(ranked, key=lambda row: row[:2])]


class Side:
    """A process that measures for one side; started when it is first asked."""

    def __init__(self, name: str, device: str) -> None:
        self._name, self._device = name, device
        self._process = None

    def ask(self, work: Work, seconds: float) -> dict:
        """The figures, or `error`; a process that takes longer is ended."""
        process = self._process = self._process or self._start()
        process.stdin.write(json.dumps(work) + "\n")
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            line = process.stdout.readline() if selector.select(seconds) else None
        if line:
            return json.loads(line)
        ended = line is not None
        self.end()
        return {"error": "its process died" if ended else f"more than {seconds:.0f} s"}

    def end(self) -> None:
        """Ends the process, if there is one."""
        if self._process:
            self._process.kill()
            self._process.communicate()
        self._process = None

    def _start(self) -> subprocess.Popen:
        environment = {**os.environ, "KERAS_BACKEND": BACKENDS.get(self._name, "torch")}
        # JAX would take three quarters of the GPU for itself, and PyTorch is measured beside it.
        environment["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
        root = str(Path(__file__).resolve().parent.parent)
        environment["PYTHONPATH"] = os.pathsep.join([root, environment.get("PYTHONPATH", "")])
        return subprocess.Popen(
            [sys.executable, __file__, "--serve", self._name, "--device", self._device],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
            preexec_fn=_take_one_core if self._device == "cpu" else None,
        )


def _take_one_core() -> None:
    # Before any library counts the cores.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def measure_all(args) -> Iterator[dict]:
    """Measures row by row until the budget is used up."""
    ends = time.monotonic() + args.budget
    sides = {name: Side(name, args.device) for name in SIDES}
    try:
        for side, work in rows(args):
            left = ends - time.monotonic()
            # A process that starts needs some seconds before it can measure anything.
            answer = {"error": LEFT_OUT}
            if left > 5:
                answer = sides[side].ask(work, min(left, args.limit))
            yield {"side": side, **work._asdict(), **answer}
    finally:
        for side in sides.values():
            side.end()


def table(results: list[dict], device: str) -> str:
    """The Markdown tables: one for each group."""
    text, groups = [], {}
    for result in results:
        key = tuple(result[name] for name in ("kind", "size", "batch", "precision"))
        groups.setdefault(key, []).append(result)
    unit = "s" if device == "cuda" else "s of processor"
    for (kind, size, batch, precision), group in groups.items():
        if all(r.get("error") == LEFT_OUT for r in group):
            text.append(f"\n{kind} {batch} of {size}, {precision}: {LEFT_OUT}.")
            continue
        rivals = {r["network"]: r["seconds"] for r in group if "seconds" in r}
        text += [
            f"\n| {kind} {batch} of {size}, {precision} | side | {unit} | images per second "
            "| peak MB | times as fast as MPRNet (the paper) |",
            "|---|---|---|---|---|---|",
        ]
        for r in sorted(group, key=lambda r: (r["network"] != "hinet", r["scale"])):
            name = f"HINet {r['scale']:g}x" if r["network"] == "hinet" else f"MPRNet {r['network']}"
            cells = [name, r["side"]]
            if "error" in r:
                cells += [r["error"], "", "", ""]
            else:
                cells += [f"{r['seconds']:.4g}", f"{r['images']:.4g}", f"{r['megabytes']:.0f}"]
                cells.append(_against_mprnet(r, rivals))
            text.append(f"| {' | '.join(cells)} |")
    return "\n".join(text)


def _against_mprnet(result: dict, rivals: dict[str, float]) -> str:
    if result["network"] != "hinet" or result["kind"] != "restore":
        return ""
    claims = PAPER.get(result["scale"], {"denoise": None})
    return ", ".join(
        f"{task} {rivals[task] / result['seconds']:.2f}" + (f" ({claim})" if claim else "")
        for task, claim in claims.items()
        if task in rivals
    )


def machine(device: str) -> str:
    """What was measured on."""
    import torch

    if device == "cuda":
        return f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}"
    flags = Path("/proc/cpuinfo").read_text().partition("flags")[2].partition("\n")[0].split()
    found = [f for f in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f in flags]
    return f"one core of {os.cpu_count()} with {', '.join(found)}, PyTorch {torch.__version__}"


def main(argv=None) -> int:
    args = parse_args(argv)
    if args.serve:
        serve(args.serve, args.device)
        return 0
    results, total = [], len(rows(args))
    for result in measure_all(args):
        results.append(result)
        work = " ".join(str(value) for value in list(result.values())[:7])
        outcome = result.get("error") or f"{result['seconds']:.4g} s"
        print(f"{len(results)} of {total}: {work}: {outcome}", file=sys.stderr, flush=True)
    print(machine(args.device))
    print(table(results, args.device))
    missing = sum("error" in result for result in results)
    print(f"\n{total - missing} of {total} rows measured.")
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
