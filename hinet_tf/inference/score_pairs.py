"""Scores of a model over the pairs of a test set."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from hinet_tf.inference.restorer import Restorer
from hinet_tf.inference.scored_pairs import ScoredPair
from hinet_tf.inference.scoring import ImageScore, score_image


def score_pairs(
    restorer: Restorer,
    pairs: Iterable[ScoredPair],
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

    Example:
    >>> score_pairs(Restorer(model), find_pairs(Path("SIDD")), ["hinet"])  # doctest: +SKIP
    """
    scores = []
    for pair in pairs:
        degraded, target = pair.degraded(), pair.target()
        if degraded.dtype.kind == "u":
            degraded = degraded.astype(np.float32) / np.iinfo(degraded.dtype).max
        restored = restorer.restore(degraded)
        rounded = np.rint(np.clip(restored, 0, 1) * 255).astype(np.uint8)
        scored = rounded if output == "uint8" else restored
        try:
            after, before = score_image(degraded, scored, target, protocols)
        except ValueError as error:
            name = "/".join(filter(None, (pair.set_name, pair.name)))
            raise ValueError(f"{name}: {error}") from error
        scores.append(ImageScore(pair.set_name, pair.name, after, before))
        on_image(scores[-1], {"degraded": degraded, "restored": rounded, "target": target})
    return scores
