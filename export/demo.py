"""Shows what a denoiser does to a photo, as a trained model and as a .tflite file.

    python export/demo.py --model demo/training/best.keras --out demo

Adds noise of sigma 25 to the built-in photo that no training has seen, restores it, exports the
model as float16 .tflite, restores the photo once more with that file, and leaves the photos, the
file and a picture of them all. It is the second half of `make demo`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from hinet_tf.command_line import EXIT_DONE, CommandParser, load_tensorflow, run_command

_SIGMA = 25.0
_SEED = 25
# Top, left and side of the enlarged squares: an eye and the nose of the cat.
_BOXES = ((80, 133, 60), (215, 226, 60))
# What a denoiser must gain to be one; below it the training went wrong.
_LEAST_GAIN = 4.0


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = CommandParser(__doc__)
    parser.add_argument("--model", required=True, help="a trained denoiser")
    parser.add_argument("--out", default="demo", type=Path, help="folder for the results")
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Restores, exports and compares; returns the exit code."""
    load_tensorflow()
    import numpy as np
    from PIL import Image

    from hinet_tf import Restorer, evaluate_images, export_tflite
    from hinet_tf.data import ValidationPairs, builtin_photos
    from hinet_tf.data.degradations import GaussianNoise
    from hinet_tf.files import atomic_path
    from hinet_tf.images.pixel_format import to_uint8
    from hinet_tf.models import open_model
    from hinet_tf.plots.comparison import comparison_figure

    noise = GaussianNoise(_SIGMA)
    [pair] = ValidationPairs(builtin_photos("val"), degradation=noise, seed=_SEED)
    name, (noisy, clean) = pair.name, pair.read()
    files = {
        label: args.out / f"{name}-{label.replace(' ', '-').replace('.', '')}.png"
        for label in ("clean", "noisy", "restored", "restored by .tflite")
    }
    for label, image in (("clean", clean), ("noisy", noisy)):
        with atomic_path(files[label]) as path:
            Image.fromarray(to_uint8(image)).save(path)

    model = open_model(args.model)
    Restorer(model).restore_file(files["noisy"], files["restored"])
    print("Exporting a float16 .tflite file and verifying it ...", flush=True)
    tflite = args.out / "denoise.tflite"
    export_tflite(model, tflite, quantization="float16", overwrite=True)
    Restorer(tflite).restore_file(files["noisy"], files["restored by .tflite"])

    images = {label: np.asarray(Image.open(file)) for label, file in files.items()}
    picture = comparison_figure(
        {label: images[label] for label in (*list(files)[1:], "clean")},
        args.out / "demo.png",
        target="clean",
        boxes=_BOXES,
    )
    print(
        "PSNR against the clean photo. The noise is another draw than the one that the training\n"
        "validated on, rounded to 8 bits like any photo; the .tflite file holds float16 weights."
    )
    psnr = {}
    for label in list(files)[1:]:
        psnr[label] = evaluate_images(images[label], images["clean"], "hinet")["psnr"]
        print(f"  {label:<20} {psnr[label]:6.2f} dB   {files[label]}")
    print(f"  the .tflite file     {tflite.stat().st_size / 1e6:6.2f} MB   {tflite}")
    print(f"  the picture of all               {picture}")
    gain = psnr["restored"] - psnr["noisy"]
    if gain < _LEAST_GAIN:
        raise ValueError(
            f"{args.model} gains {gain:.2f} dB on sigma {_SIGMA:.0f}; a trained denoiser gains "
            f"at least {_LEAST_GAIN:.0f}. Train it longer."
        )
    return EXIT_DONE


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    args = parse_args(argv)
    return run_command(lambda: run(args))


if __name__ == "__main__":
    raise SystemExit(main())
