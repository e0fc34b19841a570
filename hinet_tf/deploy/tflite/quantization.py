"""From the deployable graph to the bytes of a named recipe."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from hinet_tf.deploy.graph.rewrite import deployed_ranges
from hinet_tf.deploy.tflite.conversion import convert
from hinet_tf.deploy.tflite.integer_quantizer import (
    IntegerQuantizer,
    float_scopes,
    quantize_weights,
)
from hinet_tf.deploy.tflite.recipe_search import SearchResult, search_recipe
from hinet_tf.deploy.tflite.recipes import QuantizationRecipe
from hinet_tf.deploy.tflite.verification import Verification, trained_for
from hinet_tf.deploy.tflite.verification_photos import calibration_pairs, crops
from hinet_tf.images.pixel_format import to_uint8
from hinet_tf.layers import QuantizedTrainingPolicy
from hinet_tf.layers.fake_quantization import FULL_RESOLUTION_LAYERS, stays_float
from hinet_tf.models import HINet
from hinet_tf.models.equalization import IMAGES, LARGEST, equalize_channels

_CALIBRATION_CROPS = 24


def prepared(
    model: HINet, recipe: QuantizationRecipe, size: tuple[int, int], calibration: str
) -> HINet:
    """Returns what a recipe's file is made from: the same function, fit to be rounded.

    Args:
        model: The trained model.
        recipe: The recipe. A model that was trained for it is rounded as it was trained.
        size: Height and width of the calibration crops.
        calibration: As in `export_tflite`.

    Returns:
        The model, or a copy with equalized channels.
    """
    if not recipe.shares_ranges or trained_for(model, recipe):
        return model
    pairs = calibration_pairs(calibration, model.channels)[:IMAGES]
    # No more than is looked at: a file may be of 8192 x 8192.
    size = tuple(min(side, LARGEST) for side in size)
    examples = crops(pairs, size, max(1, IMAGES // len(pairs)))
    equalized = model.rebuilt(dtype="float32")
    equalize_channels(equalized, (example.degraded for example in examples))
    return equalized


def quantized(
    source: HINet,
    graph: keras.Model,
    verification: Verification,
    calibration: str,
    on_progress: Callable[..., None],
) -> tuple[bytes, SearchResult | None]:
    """Converts a deployable graph by the recipe that it is to be verified against.

    Args:
        source: What `prepared` returned.
        graph: What `deployable_graph` made of it.
        verification: Names recipe, sizes and image type, and measures what a file loses.
        calibration: Photos that show the range of activations to `int8` and `int16x8`; a model
            trained for `int8` knows them.
        on_progress: As in `export_tflite`.

    Returns:
        The content of the file and, for `int8`, what the search tried.

    Raises:
        ValueError: If the activations cannot be calibrated.
    """
    recipe, sizes, image_type = verification.recipe, verification.sizes, verification.image_type
    on_progress("Converting")
    if not recipe.needs_quantizer:
        return convert(graph, sizes, image_type, recipe.weight_bytes), None
    content = convert(graph, sizes, image_type)
    on_progress("Quantizing")
    if recipe.activation_bits is None:
        return quantize_weights(content), None
    return _integer(content, source, graph, verification, calibration, on_progress)


def _integer(
    content: bytes,
    model: HINet,
    graph: keras.Model,
    verification: Verification,
    calibration: str,
    on_progress: Callable[..., None],
) -> tuple[bytes, SearchResult | None]:
    recipe = verification.recipe
    if not trained_for(model, recipe):
        photos = _calibration_photos(graph, verification, calibration)
        if recipe.activation_bits == 16:
            # They lose too little to search for what else must stay in float.
            return IntegerQuantizer(content, 16, photos).quantize(), None
        model = _calibrated(model, photos)
    ranges = deployed_ranges(graph, model.quantization["ranges"])
    always = float_scopes(model.width)
    quantizer = IntegerQuantizer(content, 8, ranges=ranges, float_scopes=always)
    dynamic = [layer for layer in FULL_RESOLUTION_LAYERS if not stays_float(layer, model.width)]
    result = search_recipe(
        quantizer,
        _blocks(graph, always),
        verification.drop,
        verification.max_drop,
        dynamic,
        lambda step, done: on_progress(
            f"In float: {step.description}: {step.drop:.3f} dB lost", done
        ),
    )
    return result.content, result


def _calibrated(model: HINet, photos: Mapping[Any, Sequence[np.ndarray]]) -> HINet:
    """The model with ranges as a training for `int8` that changes no weight would find them."""
    model = model.rebuilt(dtype=QuantizedTrainingPolicy("int8"))
    for photo in itertools.chain(*photos.values()):
        image = photo if photo.dtype == np.float32 else photo.astype(np.float32) / 255
        model(image[None], training=True)
    return model


def _calibration_photos(
    graph: keras.Model, verification: Verification, calibration: str
) -> dict[tuple[int, int], list[np.ndarray]]:
    """Degraded crops for each size; refuses a model on which they would show nothing."""
    pairs = calibration_pairs(calibration, verification.model.channels)
    per_photo = max(1, _CALIBRATION_CROPS // len(pairs))
    photos = {}
    for number, size in enumerate(verification.sizes):
        some = crops(pairs if number == 0 else pairs[:2], size, per_photo if number == 0 else 1)
        degraded = [photo.degraded for photo in some]
        takes_bytes = verification.image_type == "uint8"
        photos[size] = [to_uint8(image) for image in degraded] if takes_bytes else degraded
    first = next(iter(photos.values()))[0]
    correction = graph(first[None]) - first
    if float(np.std(correction)) < 1e-6:
        raise ValueError(
            "The model changes a photo by nothing or by a constant, so its activations cannot be "
            "calibrated. Received: an untrained model? Train it, or export float16."
        )
    return photos


def _blocks(graph: keras.Model, always: Iterable[str]) -> list[str]:
    """Names of the layers that a search may put back to float, alone or together."""
    sensitive = tuple(scope.strip("/_") for scope in always)
    return [
        layer.name
        for layer in graph.layers
        if layer.weights
        and not layer.name.startswith(sensitive)
        and layer.name not in FULL_RESOLUTION_LAYERS
    ]
