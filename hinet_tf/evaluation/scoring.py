"""Scores of a model over a test set, and of two models against each other."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from hinet_tf.data import ImagePair
from hinet_tf.images.pixel_format import to_uint8
from hinet_tf.inference.restorer import Restorer
from hinet_tf.metrics.evaluate_images import evaluate_images


class ImageScore(NamedTuple):
    """Scores of one image: `{protocol: {"psnr": ..., "ssim": ...}}`, before and after.

    Example:
    >>> ImageScore("", "a", {"hinet": {"psnr": 30.0, "ssim": 0.9}}, {}).restored["hinet"]["psnr"]
    30.0
    """

    set_name: str
    name: str
    restored: dict[str, dict[str, float]]
    degraded: dict[str, dict[str, float]]


def score_pairs(
    restorer: Restorer,
    pairs: Iterable[ImagePair],
    protocols: Sequence[str],
    output: str = "float",
    on_image: Callable[[ImageScore, dict[str, np.ndarray]], None] = lambda score, images: None,
) -> list[ImageScore]:
    """Restores each degraded image and scores it and its restoration.

    Args:
        restorer: What restores.
        pairs: The test set; an image is read when its turn comes.
        protocols: Names that `evaluate_images` takes.
        output: `"float"` scores the network's own output, as the official SIDD test does;
            `"uint8"` the rounded 8-bit image.
        on_image: Called after each image with its score and `{"degraded", "restored" (uint8),
            "target"}`.

    Returns:
        One score per pair, in their order.

    Raises:
        ValueError: If an image cannot be restored or scored; the message names it.
    """
    scores = []
    for pair in pairs:
        degraded, target = pair.read()
        if degraded.dtype.kind == "u":
            degraded = degraded.astype(np.float32) / np.iinfo(degraded.dtype).max
        restored = restorer.restore(degraded)
        rounded = to_uint8(restored)
        scored = rounded if output == "uint8" else restored
        try:
            after, before = (
                {name: evaluate_images(image, target, name) for name in protocols}
                for image in (scored, degraded)
            )
        except ValueError as error:
            name = "/".join(filter(None, (pair.set_name, pair.name)))
            raise ValueError(f"{name}: {error}") from error
        scores.append(ImageScore(pair.set_name, pair.name, after, before))
        on_image(scores[-1], {"degraded": degraded, "restored": rounded, "target": target})
    return scores


def summarize(scores: Sequence[ImageScore]) -> dict[str, Any]:
    """Means over images, per set and over all.

    The mean of several sets is the mean of their means, as papers on rain removal average their
    five sets. An image equal to its target has infinite PSNR; it is counted in `"identical"` and
    left out of the mean, which one such image would make infinite.

    Args:
        scores: The scores of all images.

    Returns:
        `{"images": n, "restored": {protocol: {"psnr", "ssim", "identical"}}, "degraded": ...,
        "sets": {name: ...}}`.
    """
    names = list(dict.fromkeys(score.set_name for score in scores))
    sets = {name: _means([score for score in scores if score.set_name == name]) for name in names}
    if len(names) == 1:
        return {"images": len(scores), **sets[names[0]]}
    overall = {
        side: {
            protocol: {
                key: (np.sum if key == "identical" else np.mean)(
                    [means[side][protocol][key] for means in sets.values()]
                ).item()
                for key in ("psnr", "ssim", "identical")
            }
            for protocol in sets[names[0]][side]
        }
        for side in ("restored", "degraded")
    }
    return {"images": len(scores), **overall, "sets": sets}


def paired_difference(first: Sequence[float], second: Sequence[float]) -> dict[str, float]:
    """Mean of `second - first` over images with its 95 % confidence interval (Student's t).

    Both models see the same images, so that the difference is far better known than either
    mean. Images where a value is infinite are left out.

    Args:
        first: One figure per image of the first model.
        second: The same of the second model, in the same order.

    Returns:
        `{"difference", "low", "high", "images"}`; the interval is infinite for one image.

    Raises:
        ValueError: If the lengths differ, or no image is left.

    Example:
    >>> paired_difference([30, 31, 32], [30.5, 31.5, 32.5])["difference"]
    0.5
    """
    if len(first) != len(second):
        raise ValueError(f"Expected one value per image. Received: {len(first)} and {len(second)}.")
    figures = np.array([first, second])
    differences = np.diff(figures[:, np.isfinite(figures).all(axis=0)], axis=0)[0]
    count = len(differences)
    if not count:
        raise ValueError("No image with finite figures of both models.")
    mean = float(differences.mean())
    if count == 1:
        return {"difference": mean, "low": -math.inf, "high": math.inf, "images": 1}
    half = float(stats.t.ppf(0.975, count - 1) * stats.sem(differences))
    return {"difference": mean, "low": mean - half, "high": mean + half, "images": count}


def _means(scores: Sequence[ImageScore]) -> dict[str, dict[str, dict[str, float]]]:
    means: dict[str, Any] = {}
    for side in ("restored", "degraded"):
        means[side] = {}
        for protocol in getattr(scores[0], side):
            values = [getattr(score, side)[protocol] for score in scores]
            psnr = [value["psnr"] for value in values if math.isfinite(value["psnr"])]
            means[side][protocol] = {
                "psnr": float(np.mean(psnr)) if psnr else math.inf,
                "ssim": float(np.mean([value["ssim"] for value in values])),
                "identical": len(values) - len(psnr),
            }
    return means
