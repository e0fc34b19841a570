"""Writes a page with before/after sliders for every preset.

    python training/presets/gallery.py --data DATA
    python training/presets/gallery.py --photos DIR --out gallery --preset denoise_0.25x

Without --photos it shows scikit-image's, which may be passed on; check that of others before their
page is. So may frames of REDS and pairs of SIDD, found by the manifests of DATA: these two are
real blur and real noise, of scenes that were held back from training.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from hinet_tf.command_line import EXIT_DONE, CommandParser, load_tensorflow, run_command
from hinet_tf.data import ImagePair

_CREDIT = (
    "Photographs: astronaut, NASA, public domain; chelsea, Stefan van der Walt, CC0; coffee, "
    "Rachel Michetti, CC0; rocket, SpaceX, public domain. All from scikit-image."
)
# Spread over the pairs, the first and the last among them.
_REAL = 4
_REAL_CREDIT = {
    "denoise": " Real noise: SIDD (Abdelhamed, Lin, Brown, CVPR 2018), MIT.",
    "deblur": " Real blur: REDS (Nah et al., NTIRE 2019), CC BY 4.0, at a quarter of its size.",
}


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = CommandParser(__doc__)
    add = parser.add_argument
    add("--photos", type=Path, metavar="DIR", help="clean photos (default: scikit-image's)")
    add("--data", type=Path, metavar="DATA", help="folder with manifests/: real noise and blur")
    add("--preset", action="append", metavar="NAME", help="show this one (default: all)")
    add("--presets", type=Path, default=Path("hinet_tf/models/presets"), metavar="DIR")
    add("--out", type=Path, default=Path("docs/presets"), metavar="DIR")
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Restores and writes; returns the exit code."""
    load_tensorflow()
    # Late, so that a wrong command is answered at once.
    from hinet_tf.training.presets.examples import PHOTOS
    from hinet_tf.training.presets.gallery_page import write_preset_gallery
    from hinet_tf.training.presets.test_sets import preset_test_sets
    from skimage import data

    from hinet_tf.evaluation.pairs import clean_images
    from hinet_tf.inference import Restorer
    from hinet_tf.models import HINet
    from hinet_tf.models.presets import preset_card

    names = args.preset or sorted(path.stem for path in args.presets.glob("*.json"))
    if not names:
        raise ValueError(f"There is no preset in {args.presets}; publish.py makes one.")
    cards = {name: preset_card(args.presets / f"{name}.json") for name in names}
    if args.photos:
        pairs = clean_images(args.photos, lambda image, number: image)
        photos, credit = {Path(pair.name).name: pair.clean for pair in pairs}, ""
    else:
        photos, credit = {name: getattr(data, name)() for name in PHOTOS}, _CREDIT
    restorers = {
        name: (
            card,
            Restorer(HINet.from_preset(args.presets / f"{name}.json"), precision="float32"),
        )
        for name, card in cards.items()
    }
    real = {}
    for task, key in (("denoise", "sidd"), ("deblur", "reds")) if args.data else ():
        sets = {test_set.key: test_set for test_set in preset_test_sets(task, args.data)}
        if key in sets:
            real[task] = _spread(sets[key].pairs)
    credit += "".join(_REAL_CREDIT[task] for task in real)
    page = write_preset_gallery(args.out, restorers, photos, credit, real)
    size = sum(file.stat().st_size for file in (args.out / "gallery").iterdir())
    print(f"{page}, pictures {size / 1e6:.1f} MB")
    return EXIT_DONE


def _spread(pairs: Sequence[ImagePair]) -> list[ImagePair]:
    last = len(pairs) - 1
    return [pairs[number] for number in sorted({last * n // (_REAL - 1) for n in range(_REAL)})]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    args = parse_args(argv)
    return run_command(lambda: run(args))


if __name__ == "__main__":
    raise SystemExit(main())
