"""Training pairs per second: our pipeline beside a PyTorch DataLoader doing the same work.

    python benchmarks/data_throughput.py [--rounds 3] [--seconds 4] [--out FILE]
    python benchmarks/data_throughput.py --memory        # memory over 10,000 batches
    python benchmarks/data_throughput.py --processor     # time of a processor per pair

The work: decode two 512-pixel images, cut the same random 256-pixel patch out of both, apply one
of the eight flips and rotations, turn into float32 in [0, 1], batch 16. The DataLoader decodes
with Pillow (libpng with zlib-ng, libjpeg-turbo), cuts before it converts, and runs the number of
workers given; pinned memory and a GPU play no part. Everything takes turns within each round.
"half held" has memory for half of the decoded images, as by default a folder that is too large
for a fifth of the machine's memory has for a part of it.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from PIL import Image

PATCH, BATCH, SIDE, PAIRS = 256, 16, 512, 32
DEGRADATIONS = (
    "GaussianNoise",
    "SensorNoise",
    "CameraNoise",
    "CorrelatedNoise",
    "PhotoNoise",
    "JpegCompression",
    "MotionBlur",
    "PhotoBlur",
    "Rain",
)


def make_images(folder):
    """Writes noisy and clean crops as PNG and JPEG in the layout of a paired folder."""
    from hinet_tf.data import builtin_photos

    random = np.random.default_rng(0)
    photos = [builtin_photos("train").images(index)[1] for index in range(4)]
    for number in range(PAIRS):
        photo = np.roll(photos[number % 4], number * 37, axis=(0, 1))
        clean = np.pad(photo, ((0, SIDE), (0, SIDE), (0, 0)), mode="symmetric")[:SIDE, :SIDE]
        noisy = np.clip(clean + random.normal(0, 10, clean.shape), 0, 255).astype(np.uint8)
        for side, image in (("input", noisy), ("target", clean)):
            for kind, options in (("png", {"compress_level": 3}), ("jpg", {"quality": 92})):
                path = folder / kind / "train" / side / f"{number:03d}.{kind}"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(path, **options)


def prepare_records(folder):
    """Prepares the PNG crops with the GoPro builder, as `--data tfds:gopro` reads them."""
    import tensorflow_datasets as tfds

    import hinet_tf.data.tfds  # noqa: F401

    manual = folder / "manual" / "gopro"
    manual.mkdir(parents=True)
    (manual / "train").symlink_to(folder / "png" / "train")
    for side in ("input", "target"):
        (manual / "test" / side).mkdir(parents=True)
        colour = "red" if side == "input" else "blue"
        Image.new("RGB", (SIDE, SIDE), colour).save(manual / "test" / side / "0.png")
    builder = tfds.builder("gopro", data_dir=folder / "tfds", strict=False)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=folder / "manual")
    )
    return [str(path) for path in builder.info.splits["train"].filepaths]


def our_batches(sources):
    from hinet_tf.data import training_pipeline

    return iter(training_pipeline(sources, patch=PATCH, batch=BATCH))


class TorchPairs:
    """The same work for a DataLoader, each worker with NumPy and Pillow."""

    def __init__(self, folder):
        self.inputs = sorted((folder / "train" / "input").iterdir())
        self.targets = sorted((folder / "train" / "target").iterdir())

    def __len__(self):
        return 10**9

    def __getitem__(self, number):
        import torch

        index = number % len(self.inputs)
        images = []
        for path in (self.inputs[index], self.targets[index]):
            with Image.open(path) as file:
                images.append(np.asarray(file))
        top, left = np.random.randint(0, SIDE - PATCH + 1, 2)
        mode = np.random.randint(8)
        patches = []
        for image in images:
            patch = np.rot90(image[top : top + PATCH, left : left + PATCH], mode // 2)
            patch = np.flipud(patch) if mode % 2 else patch
            patch = torch.from_numpy(np.ascontiguousarray(patch.transpose(2, 0, 1)))
            patches.append(patch.float().div_(255))
        return patches


def torch_batches(folder, workers):
    from torch.utils.data import DataLoader

    return iter(DataLoader(TorchPairs(folder), BATCH, num_workers=workers, drop_last=True))


def rate(batches, seconds):
    """Returns pairs per second, after what was prefetched is used up."""
    for _ in range(6):
        next(batches)
    count, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        next(batches)
        count += BATCH
    return count / (time.perf_counter() - begin)


def measure(rounds, seconds):
    """Returns the median rates by name."""
    from hinet_tf.data import RecordSource, paired_folder
    from hinet_tf.data.sources.cache import cached

    half = PAIRS * SIDE * SIDE * 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_images(folder)
        records = prepare_records(folder)
        runs = {}
        for kind in ("png", "jpg"):
            for workers in (1, 2):
                runs[f"DataLoader, {kind}, {workers} workers"] = lambda k=kind, w=workers: (
                    torch_batches(folder / k, w)
                )
            runs[f"hinet_tf, {kind}"] = lambda k=kind: our_batches(paired_folder(folder / k))
            runs[f"hinet_tf, {kind}, half held"] = lambda k=kind: our_batches(
                cached(paired_folder(folder / k), memory=half)
            )
        runs["hinet_tf, TFDS records"] = lambda: our_batches(
            RecordSource(records, "target", "input", plain_pixels=True)
        )
        rates = {name: [] for name in runs}
        for _ in range(rounds):
            for name, start in runs.items():
                rates[name].append(rate(start(), seconds))
    return {name: statistics.median(values) for name, values in rates.items()}


def resident_megabytes():
    """Returns the memory this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure_memory(batches=10_000):
    """Prints the resident memory as batches go by, from files, records and memory."""
    from hinet_tf.data import GaussianNoise, builtin_photos, paired_folder, training_pipeline
    from hinet_tf.data.sources.disk_cache import cache_on_disk

    result = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(8):
            image = builtin_photos("val").images(0)[1][number : number + 96, :96]
            for side in ("input", "target"):
                path = folder / "train" / side / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(path)
        files = paired_folder(folder)
        sources = {
            "PNG files": files,
            "records": cache_on_disk(files, folder / "cache"),
            "photos in memory, noise": builtin_photos("train"),
        }
        for name, source in sources.items():
            dataset = training_pipeline(source, degradation=GaussianNoise(), patch=64, batch=4)
            held = []
            for number, _ in enumerate(dataset.take(batches)):
                if number % (batches // 10) == batches // 10 - 1:
                    held.append(round(resident_megabytes()))
            result[name] = held
            print(f"{name}: MB after each {batches // 10} batches: {held}", flush=True)
    return result


def measure_processor(pairs=400):
    """Returns milliseconds of processor time per patch of 128x128, by what degrades it."""
    from hinet_tf import data

    photos = data.builtin_photos("train")
    held = data.ArraySource([photos.images(0)[1]], [photos.images(0)[1]])
    runs = {"pairs in memory": (held, None)}
    runs |= {name: (photos, getattr(data, name)()) for name in DEGRADATIONS}
    result = {}
    for name, (source, degradation) in runs.items():
        dataset = data.training_pipeline(source, degradation=degradation, patch=128, batch=16)
        batches = iter(dataset)
        for _ in range(6):
            next(batches)
        begin = time.process_time()
        for _ in range(pairs // 16):
            next(batches)
        result[name] = (time.process_time() - begin) / (pairs // 16 * 16) * 1e3
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--processor", action="store_true")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if args.memory:
        result = measure_memory()
    elif args.processor:
        result = measure_processor()
        for name, value in result.items():
            print(f"{name:20s} {value:6.2f} ms, {1000 / value:6.0f} patches/s of a core")
    else:
        result = measure(args.rounds, args.seconds)
        for name, value in result.items():
            print(f"{name:30s} {value:7.0f} pairs/s")
        for kind in ("png", "jpg"):
            best = max(v for n, v in result.items() if n.startswith(f"DataLoader, {kind}"))
            for name in (f"hinet_tf, {kind}", f"hinet_tf, {kind}, half held"):
                print(f"{name}: {result[name] / best:.2f} times the DataLoader")
            print(f"records: {result['hinet_tf, TFDS records'] / best:.2f} times {kind}")
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
