"""The deployable graph against a plain conversion, and the conversion of the full-width network.

    python benchmarks/tflite.py --widths 16 32 --runs 20      # side by side, 256x256
    python benchmarks/tflite.py --threads 1 --cpu-time        # the same on a busy machine
    python benchmarks/tflite.py --convert 64                  # seconds and peak memory
    python benchmarks/tflite.py --bytes denoise_0.25x --data DATA   # images as bytes: what is lost

But for the last one weights are as initialized: they change no time. Results and what they mean:
tflite.md.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from hinet_tf import HINet
from hinet_tf.command_line import load_tensorflow
from hinet_tf.deploy.benchmark.latency import measure_latencies
from hinet_tf.deploy.benchmark.recipes import convert_plainly
from hinet_tf.deploy.graph.rewrite import deployable_graph
from hinet_tf.deploy.tflite.conversion import convert
from hinet_tf.deploy.tflite.export import export_tflite
from hinet_tf.images.pixel_format import to_uint8
from hinet_tf.inference.engines.litert import TFLiteModel
from hinet_tf.metrics.psnr import psnr


def compare(width: int, runs: int, threads: int, cpu_time: bool) -> None:
    model = HINet(width=width)
    image = np.random.default_rng(0).random((256, 256, 3), np.float32)
    plain = TFLiteModel(convert_plainly(model, (256, 256)), threads)
    runners = {"plain conversion": lambda: plain.restore(image)}
    graph = deployable_graph(model)
    for recipe, weight_bytes in (("float32", 4), ("int8_dynamic", 1)):
        file = TFLiteModel(convert(graph, [(256, 256)], weight_bytes=weight_bytes), threads)
        runners[f"deployable, {recipe}"] = lambda file=file: file.restore(image)
    clock = time.process_time if cpu_time else time.perf_counter
    latencies = measure_latencies(runners, runs, clock=clock)
    for name, (median, p95) in latencies.items():
        ratio = latencies["plain conversion"][0] / median
        print(
            f"width {width}, {threads} threads, {name}: median {1e3 * median:.1f} ms, "
            f"p95 {1e3 * p95:.1f} ms, {ratio:.2f} x"
        )


def to_float(image: np.ndarray) -> np.ndarray:
    return image.astype(np.float32) / 255 if image.dtype == np.uint8 else image.astype(np.float32)


def convert_once(width: int) -> None:
    start = time.monotonic()
    model = HINet(width=width)
    content = convert(deployable_graph(model), [(256, 256)], weight_bytes=2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        f"width {width}: {model.count_params():,} parameters, file {len(content) / 1e6:.1f} MB, "
        f"{time.monotonic() - start:.0f} s, peak memory {peak / 1e9:.1f} GB"
    )


def bytes_in_and_out(preset: str, data: Path, count: int = 8) -> None:
    """Scores files of bytes against the float32 file of float images, on noise of sigma 25."""
    from hinet_tf.training.presets.test_sets import middle, preset_test_sets

    sets = {test_set.key: test_set for test_set in preset_test_sets("denoise", data)}
    size = (256, 256)
    pairs = [
        [middle(image, *size) for image in pair.read()]
        for pair in sets["kodak24_sigma25"].pairs[:count]
    ]
    model = HINet.from_preset(preset)

    def score(recipe: str, image_type: str) -> float:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "denoise.tflite"
            export_tflite(model, path, [size], recipe, image_type=image_type, force=True)
            file = TFLiteModel(path)
        to_input = to_uint8 if image_type == "uint8" else to_float
        return np.mean(
            [
                psnr(to_float(file.restore(to_input(noisy))).clip(0, 1), to_float(clean))
                for noisy, clean in pairs
            ]
        )

    reference = score("float32", "float32")
    print(f"{preset}, float32 of float images: {reference:.3f} dB over {count} images")
    for recipe in ("float32", "int8_dynamic", "int8"):
        print(f"{recipe} of bytes: {reference - score(recipe, 'uint8'):.3f} dB lost", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--widths", type=int, nargs="*", default=[16, 32])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cpu-time", action="store_true", help="processor time: busy machines")
    parser.add_argument("--convert", type=int, metavar="WIDTH")
    parser.add_argument("--bytes", metavar="PRESET")
    parser.add_argument("--data", type=Path, metavar="DATA", help="folder with manifests/eval.csv")
    args = parser.parse_args()
    load_tensorflow()
    if args.bytes:
        bytes_in_and_out(args.bytes, args.data)
    elif args.convert:
        convert_once(args.convert)
    else:
        for width in args.widths:
            compare(width, args.runs, args.threads, args.cpu_time)
