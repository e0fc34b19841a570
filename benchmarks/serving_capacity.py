r"""Megapixels a second of a SavedModel, what batches buy, what a file takes in memory.

    python benchmarks/serving_capacity.py speed --width 32 --batches 1 2 4 8 --sides 64 128 256
    python benchmarks/serving_capacity.py speed --width 32 --batches 1 --sides 256 --processors 1
    python benchmarks/serving_capacity.py memory

`speed` times batches of equal pixels (`restore_uint8`) and of files (`serving_default`) by the
clock. `memory` finds what a pixel of a large file takes besides the network. The network is
untrained; results: serving.md.
"""

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from serving import any_photo, export

from hinet_tf.command_line import load_tensorflow


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("speed", "memory"))
    parser.add_argument("--width", type=int, default=4)
    parser.add_argument("--depth", type=int, default=5)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--sides", type=int, nargs="+", default=[64, 128, 256])
    parser.add_argument("--signatures", nargs="+", default=["restore_uint8", "serving_default"])
    parser.add_argument("--processors", type=int, help="default: all")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def speed(args):
    import tensorflow as tf

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        served = tf.saved_model.load(str(export(args, folder)[1]))
        signatures = served.signatures
        for side in args.sides:
            photo = np.pad(any_photo(), ((0, side), (0, side), (0, 0)), "symmetric")[:side, :side]
            file = io.BytesIO()
            Image.fromarray(photo).save(file, "PNG")
            one = {
                "restore_uint8": {"image": photo},
                "serving_default": {"image_bytes": file.getvalue()},
            }
            calls = {}
            for signature in args.signatures:
                for batch in args.batches:
                    ((name, value),) = one[signature].items()
                    inputs = {name: tf.constant(np.stack([value] * batch))}
                    calls[signature, batch] = lambda call=signatures[signature], inputs=inputs: (
                        call(**inputs)
                    )
            for call in calls.values():
                call()
            times = {key: [] for key in calls}
            # In turns, so that a disturbance hits all alike.
            for _ in range(args.repeats):
                for key, call in calls.items():
                    start = time.perf_counter()
                    call()
                    times[key].append(time.perf_counter() - start)
            for (signature, batch), measured in times.items():
                median = statistics.median(measured)
                row = {
                    "width": args.width, "processors": len(os.sched_getaffinity(0)),
                    "signature": signature, "side": side, "batch": batch,
                    "median_s": median, "megapixels_per_s": batch * side * side / 1e6 / median,
                }  # fmt: skip
                print(json.dumps(row), flush=True)
                rows.append(row)
    return rows


def memory(args):
    """Bytes that a pixel of a file takes besides the network, from the peaks of two sizes."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        # Both sizes are tiled, so that the network takes the same for both.
        path = export(args, folder, memory=2**28)[1]
        for kind, depth in (("PNG", 8), ("PNG", 16), ("JPEG", 8)):
            peaks = {}
            for side in (2048, 4096):
                probe = [sys.executable, __file__, "--probe", path, kind, str(depth), str(side)]
                run = subprocess.run(probe, capture_output=True, text=True, check=True)
                peaks[side] = int(run.stdout.split()[-1])
            slope = (peaks[4096] - peaks[2048]) / (4096**2 - 2048**2)
            rows.append({"kind": kind, "bits": depth, "bytes_per_pixel": slope, "peaks": peaks})
            print(json.dumps(rows[-1]), flush=True)
    return rows


def probe(path, kind, depth, side):
    """Prints the peak of this process's memory after one large file was restored."""
    import tensorflow as tf

    served = tf.saved_model.load(path)
    call = served.signatures["serving_default"]
    pixels = np.random.default_rng(0).integers(0, 2 ** int(depth), (int(side), int(side), 3))
    pixels = pixels.astype(np.uint16 if depth == "16" else np.uint8)
    encode = tf.io.encode_png if kind == "PNG" else tf.io.encode_jpeg
    file = encode(pixels).numpy()
    Path("/proc/self/clear_refs").write_text("5")  # Forgets the peak of making the file.
    answer = call(image_bytes=tf.constant([file]))
    if answer["error"][0] != b"":
        raise RuntimeError(answer["error"][0])
    print(int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024)


def main():
    if sys.argv[1:2] == ["--probe"]:
        load_tensorflow()
        return probe(*sys.argv[2:])
    args = parse_args()
    if args.processors:
        os.sched_setaffinity(0, range(args.processors))
    load_tensorflow()
    result = speed(args) if args.what == "speed" else memory(args)
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
