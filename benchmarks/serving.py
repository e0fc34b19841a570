r"""A SavedModel behind a socket, and beside the Restorer.

    python benchmarks/serving.py overhead --width 16
    python benchmarks/serving.py load --requests 500 --clients 8 --out load.json

`load` talks gRPC to the loopback server of the tests, which follows TensorFlow Serving's contract
around the real SavedModel; it is not the server's binary. The network is untrained.
"""

import argparse
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from hinet_tf.command_line import load_tensorflow

ROOT = Path(__file__).resolve().parents[1]
LARGEST = (720, 1280)
DISTINCT = 24


def parse_args(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("overhead", "load"))
    parser.add_argument("--width", type=int, default=4)
    parser.add_argument("--depth", type=int, default=5)
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--out", type=Path)
    return parser.parse_args(argv)


def export(args, folder, **options):
    from hinet_tf import HINet, export_saved_model

    model = HINet(width=args.width, depth=args.depth)
    # Close to the identity, as a trained restorer is: noise would be clipped to black and white.
    layer = model.get_layer("stage2_output")
    layer.set_weights([0.1 * weight for weight in layer.get_weights()])
    return model, export_saved_model(model, folder, **options).path


def overhead(args):
    import tensorflow as tf

    from hinet_tf import Restorer

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        model, path = export(args, folder)
        restorer = Restorer(model, precision="float32")
        signature = tf.saved_model.load(str(path)).signatures["restore_float"]
        for side in (256, 500):
            image = np.random.default_rng(side).random((side, side, 3), np.float32)

            def served(image=image):
                return signature(image=tf.constant(image[np.newaxis]))["restored"][0].numpy()

            def own(image=image):
                return restorer.restore(image)

            np.testing.assert_array_equal(served(), own())
            # Side by side, so that other work on the machine falls on both.
            times = [(seconds(served), seconds(own)) for _ in range(args.repeats)]
            ratio = statistics.median(a / b for a, b in times)
            fastest = [min(column) for column in zip(*times, strict=True)]
            rows.append(
                {
                    "side": side,
                    "saved_model_cpu_s": fastest[0],
                    "restorer_cpu_s": fastest[1],
                    "median_ratio": ratio,
                    "ratio_of_fastest": fastest[0] / fastest[1],
                }
            )
            print(rows[-1])
    return rows


def seconds(function):
    # Of the processors, not of the clock: the only fair figure on a machine that others use too.
    start = time.process_time()
    function()
    return time.process_time() - start


def photos():
    """Images from 64x64 to 1280x720, their areas spread evenly over the orders of magnitude."""
    photo = any_photo()
    for index in range(DISTINCT):
        share = index / (DISTINCT - 1)
        height = round(64 * (LARGEST[0] / 64) ** share)
        width = round(64 * (LARGEST[1] / 64) ** share)
        yield np.pad(photo, ((0, 720), (0, 1280), (0, 0)), "symmetric")[:height, :width]


def any_photo():
    from hinet_tf.data import builtin_photos

    return builtin_photos("val").images(0)[1]


def requests(args, images):
    """Content and expected pixels of each request; `None` for what must be refused."""
    from hinet_tf import Restorer

    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        model, path = export(args, folder)
        restorer = Restorer(model, precision="float32")
        files = []
        for index, image in enumerate(images):
            file = io.BytesIO()
            Image.fromarray(image).save(file, "JPEG" if index % 2 else "PNG", quality=90)
            pixels = np.asarray(Image.open(io.BytesIO(file.getvalue())))
            files.append((file.getvalue(), restorer.restore(pixels)))
        bomb = files[0][0][:16] + (7000).to_bytes(4, "big") * 2 + files[0][0][24:]
        plan = [files[random.integers(DISTINCT)] for _ in range(args.requests)]
        order = random.permutation(args.requests)
        corrupt, bombs = round(0.05 * args.requests), max(1, round(0.01 * args.requests))
        for place in order[:corrupt]:
            content = plan[place][0]
            plan[place] = (content[: random.integers(len(content) - 20)], None)
        for place in order[corrupt : corrupt + bombs]:
            plan[place] = (bomb, None)
        yield path, files, plan


def load(args):
    sys.path.insert(0, str(ROOT / "export" / "serving"))
    from client import RefusedImage, RestorationClient

    for path, files, plan in requests(args, list(photos())):
        server = subprocess.Popen(
            [sys.executable, ROOT / "tests" / "export" / "serving" / "loopback_server.py", path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        _, port = server.stdout.readline().split()
        client = RestorationClient(f"grpc://127.0.0.1:{port}", timeout=600, max_pixels=2**30)

        def send(request, client=client):
            content, expected = request
            start = time.perf_counter()
            try:
                answer = client.restore(content)
                outcome = "answered"
                right = expected is not None and np.array_equal(
                    np.asarray(Image.open(io.BytesIO(answer))), expected
                )
            except RefusedImage as error:
                outcome, right = "refused", expected is None and bool(str(error))
            pixels = 0 if expected is None else expected.shape[0] * expected.shape[1]
            return outcome, right, time.perf_counter() - start, pixels

        with ThreadPoolExecutor(args.clients) as pool:
            # Twice each size, all clients at once: the allocator has seen the worst.
            list(pool.map(send, [*files, *files]))
            memory_before = resident(server.pid)
            start = time.perf_counter()
            results = list(pool.map(send, plan))
            wall = time.perf_counter() - start
        memory_after = resident(server.pid)
        server.stdin.close()
        server.wait()
        good = [r for r, (_, expected) in zip(results, plan, strict=True) if expected is not None]
        bad = [r for r, (_, expected) in zip(results, plan, strict=True) if expected is None]
        latency = np.percentile([r[2] for r in good], [50, 95, 99])
        row = {
            "requests": len(plan),
            "clients": args.clients,
            "good": len(good),
            "good_answered_and_right": sum(r[0] == "answered" and r[1] for r in good),
            "bad": len(bad),
            "bad_refused_with_reason": sum(r[0] == "refused" and r[1] for r in bad),
            "p50_s": latency[0], "p95_s": latency[1], "p99_s": latency[2],
            "wall_s": wall,
            "megapixels_per_s": sum(r[3] for r in good) / 1e6 / wall,
            "memory_after_warm_up_mb": memory_before,
            "memory_at_end_mb": memory_after,
            "memory_growth": memory_after / memory_before - 1,
        }  # fmt: skip
        print(json.dumps(row, indent=1))
        return row


def resident(process):
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def main(argv=None):
    args = parse_args(argv)
    load_tensorflow()
    result = overhead(args) if args.what == "overhead" else load(args)
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
