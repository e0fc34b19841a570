"""Finds out which operators must stay in float."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hinet_tf.deploy.tflite.integer_quantizer import IntegerQuantizer

# Gives the restored PSNR in decibels that a file loses.
MeasureDrop = Callable[[bytes], float]


@dataclass(frozen=True)
class SearchStep:
    """One quantized file that the search tried.

    Args:
        description: What stayed in float.
        float_scopes: The same as regular expressions on operator names.
        drop: Restored PSNR lost, in decibels.

    Example:
    >>> SearchStep("nothing", (), 0.4).drop
    0.4
    """

    description: str
    float_scopes: tuple[str, ...]
    drop: float


@dataclass(frozen=True)
class SearchResult:
    """What the search found.

    Args:
        content: The file it ended with.
        kept_float: What stayed in float, and why.
        steps: Every file it tried, in order.
    """

    content: bytes
    kept_float: dict[str, str]
    steps: tuple[SearchStep, ...]


def search_recipe(
    quantizer: IntegerQuantizer,
    blocks: Iterable[str],
    measure_drop: MeasureDrop,
    max_drop: float,
    dynamic_layers: Sequence[str] = (),
    on_step: Callable[[SearchStep, float], None] = lambda step, done: None,
) -> SearchResult:
    """Searches the smallest set of float blocks that keeps the drop within a budget.

    First everything is quantized but what the quantizer leaves in float. If that loses too much,
    each block is put back to float alone to see how much it wins back, and then the best ones
    together, as many as needed (by bisection: more float loses less).

    Args:
        quantizer: Holds the float file and its calibration.
        blocks: Names of the network's blocks, prefixes of operator names.
        measure_drop: Measures a quantized file.
        max_drop: The budget in decibels.
        dynamic_layers: Layers that scale their input while they run in every file.
        on_step: Called after each file tried, also with the finished part of the search, 0 to 1.

    Returns:
        The first file within the budget; if there is none, the one with every block in float.
    """
    blocks, steps = list(blocks), list[SearchStep]()
    dynamic = {
        f"/{layer}_": "at full resolution: scales its input while it runs"
        for layer in dynamic_layers
    }
    always = quantizer.float_scopes | dynamic
    most = 1 + len(blocks) + len(blocks).bit_length()

    def quantize(description: str, extra: Sequence[str]) -> tuple[bytes, float]:
        scopes = [f"/{block}_" for block in extra]
        content = quantizer.quantize([*dynamic, *scopes])
        steps.append(SearchStep(description, (*always, *scopes), measure_drop(content)))
        on_step(steps[-1], len(steps) / most)
        return content, steps[-1].drop

    content, all_drop = quantize("sensitive operators only", ())
    if all_drop <= max_drop:
        return SearchResult(content, always, tuple(steps))

    gains = {block: all_drop - quantize(block, [block])[1] for block in blocks}
    ranked = sorted(gains, key=gains.__getitem__, reverse=True)
    low, high = 1, len(ranked)
    best: tuple[int, bytes] | None = None
    while low <= high:
        count = (low + high) // 2
        content, drop = quantize(f"the {count} most sensitive blocks", ranked[:count])
        if drop <= max_drop:
            best, high = (count, content), count - 1
        else:
            low = count + 1
    if best is None:
        best = len(ranked), content
    reasons = {
        f"/{block}_": f"wins back {gains[block]:.3f} dB alone" for block in ranked[: best[0]]
    }
    return SearchResult(best[1], {**always, **reasons}, tuple(steps))
