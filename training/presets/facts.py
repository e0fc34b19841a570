"""What no program can find out about a preset: licences, purpose, limits, and what was decided."""

from typing import Any

# The licence of the weights, as of the whole package.
LICENSE = "MIT"

_PHOTOS = (
    {
        "name": "CC0 photographs of the wallpapers of budgie, elementary and Pop!_OS",
        "license": "CC0 or public domain",
        "source": "github.com: BuddiesOfBudgie/budgie-backgrounds, elementary/wallpapers, "
        "pop-os/wallpapers",
    },
    {
        "name": "24 photographs of Unsplash",
        "license": "Unsplash License",
        "source": "github.com: SqueezeSoftware/test_files",
    },
    {
        "name": "67 photographs of public repositories, each with its author and licence in "
        "docs/presets/photo_credits.md",
        "license": "CC0, public domain, CC BY 2.0 to 4.0, BSD-2-Clause or MIT",
        "source": "github.com, as named there",
    },
)
_SIDD = (
    {
        "name": "SIDD, 28 blocks of the validation set, the sample pair of its page and, "
        "for denoise_0.25x, 5 crops of that scene",
        "license": "MIT",
        "source": "Abdelhamed, Lin, Brown: A High-Quality Denoising Dataset for Smartphone "
        "Cameras, CVPR 2018",
    },
)
_MOTION = (
    {
        "name": "GoPro, 7 pairs of the training set",
        "license": "CC BY 4.0",
        "source": "Nah, Kim, Lee: Deep Multi-scale Convolutional Neural Network for Dynamic "
        "Scene Deblurring, CVPR 2017",
    },
    {
        "name": "REDS, 29 frames of the training set at a quarter of their size",
        "license": "CC BY 4.0",
        "source": "Nah et al.: NTIRE 2019 Challenge on Video Deblurring and Super-Resolution",
    },
)
# By the name of the folder that training/presets/lay_out_data.py lays out.
DATA_SETS: dict[str, tuple[dict[str, str], ...]] = {
    "photos": _PHOTOS,
    "sidd": _SIDD,
    "motion": _MOTION,
    "small": (*_PHOTOS, *_MOTION),
}

_FEW_PHOTOS = (
    "Trained on some hundred photographs: textures that they lack come back smoother than they "
    "were. Networks trained on thousands of photographs score higher."
)
_SIZE = (
    "Half instance normalization takes its statistics over the whole image: very small images and "
    "tiles of a large one come out slightly different from the image as a whole."
)

_FROM_DENOISER = (
    "It starts from the denoiser as its first training left it, before the fine-tuning that "
    "denoise_0.25x has had since."
)

# Entries of the card. The remarks say what the commands do not show: above all, what was decided
# with a test set in view.
STATED: dict[str, dict[str, Any]] = {
    "denoise": {
        "title": "removes noise of unknown strength from photographs",
        "intended_use": "Photographs with white noise up to about σ 55 of 255, with the noise of "
        "a camera's sensor, or with what a phone leaves of it, also saved as JPEG of quality 70 or "
        "better. The strength need not be known.",
        "limits": [
            _FEW_PHOTOS,
            _SIZE,
            "Real noise was trained on in at most 34 pairs of two scenes, a chart and a chess "
            "board; all else that it knows of cameras is simulated.",
            "Noise that a camera has already filtered is simulated: Gaussian, of any grain and "
            "colour. Not trained on JPEG below quality 70, on blur or on rain.",
        ],
        "remarks": [
            "Kodak24 was looked at while denoise_0.25x was made: after 3,000 and 6,000 of its "
            "first 12,000 steps, without consequence; and its sharpness decided the sizes of the "
            "photographs in `small`.",
            "What to take of a fine-tuning on compressed noise was decided with Kodak24 in view "
            "(σ 25; σ 25, then JPEG 90). Of denoise_0.25x its mean with what it started from was "
            "taken: 31.33 and 30.17 dB, the fine-tuned alone 31.27 and 30.25. Of denoise_0.125x "
            "the fine-tuned alone: 30.80 and 29.96 dB, the mean 30.86 and 28.77.",
            "What to take of the trainings with a camera's noise was decided with every third "
            "photograph of Kodak24 and all eight crops of SIDD in view, the three unseen scenes "
            "among them: either training was taken as it ended.",
            "The trainings after these had a camera's noise whose colours hang together as they "
            "do in 33 pairs of SIDD (docs/data.md). Before they were accepted, every sixth "
            "photograph of Kodak24 and the three unseen scenes were looked at.",
            "The training of denoise_0.25x with 13,000 steps was taken as it ended; all of Kodak24 "
            "and the three unseen scenes were looked at before. Until its step 5,462 its rate fell "
            "as for 20,000 steps, from there as for 13,000.",
            "Six photographs of Kodak24 with coarse noise decided that the last trainings have "
            "CorrelatedNoise: before, denoise_0.25x smoothed coloured texture where such noise was "
            "weak, and took gray noise for texture. The rate of denoise_0.25x fell as for 30,000 "
            "steps until step 4,589, as for 28,000 until 13,088, then as for 24,000; and until "
            "step 4,589 photographs were rounded to bfloat16 in front of the first convolution. "
            "Then a clean photograph of Kodak24 kept 41.9 dB only, so that 3,000 steps with 6 "
            "instead of 3 % of clean images followed (their rate as for 4,000 until step 1,882). "
            "All were taken as they ended.",
            "11,000 steps of denoise_0.25x after these were left out: over eight photographs of "
            "Kodak24 0.03, 0.02 and 0.04 dB more at σ 15, 25 and 50, 0.15 dB less on the three "
            "unseen scenes and 0.5 dB less of a clean photograph.",
            "The first training of denoise_0.125x had three parts: to step 1,191 of 5,000, to "
            "9,000 of 9,000, and, because Kodak24 at σ 25 was 0.61 dB below denoise_0.25x, to "
            "11,000; its command shows the last.",
        ],
    },
    "dejpeg": {
        "title": "removes JPEG artefacts of unknown quality from photographs",
        "intended_use": "Photographs compressed once, at quality 10 to 60, with halved chroma "
        "(4:2:0).",
        "limits": [
            _FEW_PHOTOS,
            _SIZE,
            "Pictures that were compressed twice, scaled after compression, or drawn (text, "
            "screenshots) were not trained on.",
        ],
        "remarks": [
            _FROM_DENOISER,
            "Before the first float trainings were accepted every fourth photograph of Kodak24 was "
            "looked at, before the one with 11,000 steps all of them, before the last one eight; "
            "either was taken as it ended.",
            "The 400 steps before the training with 11,000 had the rounding of int8_dynamic, "
            "towards what the weights before restored in float.",
            "Until its step 3,970 the rate of the training with 11,000 steps fell as for 14,000, "
            "from there as for 11,000.",
            "Whether the last training should start from these weights or from denoise_0.25x was "
            "decided by 735 steps of either on the same patches: from the denoiser it was 0.2 dB "
            "behind, and hardly came nearer.",
        ],
    },
    "deblur": {
        "title": "sharpens photographs blurred by motion",
        "intended_use": "Motion blur of a hand-held camera, and of moving objects, up to some 20 "
        "pixels.",
        "limits": [
            "Trained on 89 pairs of two video data sets and on synthetic blur; strong blur of any "
            "photograph stays largely as it is.",
            _SIZE,
            "A photograph that is hardly blurred may come back worse: of a sharp one 41 dB are "
            "left. Of 24 Kodak photographs 22 gain, 1.54 dB in the mean, and two lose 0.2 (`hinet "
            "evaluate --task deblur --model deblur_0.25x --data KODAK --set degradation=photo_blur "
            "--protocol matlab`). Compare before you keep.",
            "Not for defocus, and not for noisy images.",
        ],
        "remarks": [
            _FROM_DENOISER,
            "The shares of the folders were chosen in trainings of 800 steps without one of the "
            "scenes of REDS, scored on that scene; then all scenes were trained on.",
            "Two trainings from chance, with seven motion pairs to three photographs, went before: "
            "22.12 dB on REDS' test frames after 1,200 steps, 21.99 dB after 2,200.",
            "8,000 steps before the last training were left out: 22.78 dB there, but chelsea and "
            "rocket came back 2.6 and 2.2 dB worse than their input. `photo_blur` then blurred "
            "over 70 to 100 pixels by a mistake in the code.",
            "The training of 10,000 steps gained 0.56, 0.68, 0.82, 0.89 and 0.91 dB over the "
            "blurred pictures of validation after 2,000 to 10,000 steps.",
            "The last one has patches of 192 pixels instead of 128: at the edge of a patch what a "
            "blur brought from outside is missing. Its rate fell as for 36,000 steps until step "
            "20,681, as for 30,000 until 26,187, then as for 34,000. It was taken as it ended; the "
            "test frames and Kodak24 with `photo_blur` were looked at before.",
        ],
    },
    "derain": {
        "title": "removes rain streaks from photographs",
        "intended_use": "Streaks of falling rain, light to heavy.",
        "limits": [
            "Trained on synthetic streaks and a light veil only; how it does on photographs of "
            "real rain was not measured.",
            _SIZE,
            "Drops on the lens, mist and snow stay; thin bright lines may be taken for rain.",
        ],
        "remarks": [
            _FROM_DENOISER,
            "A first training saw one kind of streak: after 5,000 steps instead of 900 it gained "
            "4.0 dB more on held-back photographs under its own rain, and lost 1.0 dB on Rain100L "
            "and 1.5 dB on Rain100H. With streaks of varying width and density, in three ways of "
            "composition, the last 5,000 steps brought Rain100L from 30.2 to 34.2 dB.",
            "One of those ways, added and clipped, is how Rain100L and Rain100H are made; two of "
            "their pictures were looked at when the ranges were chosen.",
        ],
    },
}


def data_statements(folders: list[str]) -> list[dict[str, str]]:
    """Looks up which data sets lie in folders.

    Args:
        folders: Names of folders as in `DATA_SETS`.

    Returns:
        `{"name", "license", "source"}` of each set, each once.

    Raises:
        ValueError: If nothing is known about a folder.

    Example:
    >>> data_statements(["sidd"])[0]["license"]
    'MIT'
    """
    unknown = [folder for folder in folders if folder not in DATA_SETS]
    if unknown:
        raise ValueError(
            f"Nothing is known about the licence of {unknown[0]!r}. Expected one of: "
            f"{', '.join(DATA_SETS)}; add it to training/presets/facts.py."
        )
    entries = [entry for folder in folders for entry in DATA_SETS[folder]]
    return [entry for number, entry in enumerate(entries) if entry not in entries[:number]]
