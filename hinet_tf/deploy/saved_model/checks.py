"""A SavedModel beside the Restorer it must equal."""

import io
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from hinet_tf.data import builtin_photos
from hinet_tf.inference import Restorer

# On one machine both run the same kernels and agree exactly; a GPU may choose others by call.
_FLOAT_TOLERANCE = 1e-4
_LEVEL_TOLERANCE = 1
# No multiple of 16, so that padding is part of what is compared.
_SIZE = (72, 90)


def warm_up_requests(channels: int) -> dict[str, dict[str, Any]]:
    """One request for each signature: a crop of a photo.

    Args:
        channels: Of the model, 1 or 3.

    Returns:
        Signature name -> input name -> value.
    """
    height, width = _SIZE
    photo = builtin_photos("val").images(0)[1][:height, :width]
    photo = photo if channels == 3 else photo[..., 1:2]
    file = io.BytesIO()
    Image.fromarray(photo.squeeze()).save(file, "PNG")
    return {
        "serving_default": {"image_bytes": [file.getvalue()]},
        "restore_float": {"image": photo[np.newaxis].astype(np.float32) / np.float32(255)},
        "restore_uint8": {"image": photo[np.newaxis]},
    }


def check_saved_model(
    path: str | os.PathLike[str],
    restorer: Restorer,
    requests: Mapping[str, Mapping[str, Any]],
    jpeg_quality: int | None,
) -> list[dict[str, Any]]:
    """Loads a SavedModel afresh and compares each signature with `Restorer`.

    Args:
        path: The SavedModel directory.
        restorer: The reference.
        requests: From `warm_up_requests`.
        jpeg_quality: Whether files are answered as JPEG, which cannot equal the pixels.

    Returns:
        Name, measured and allowed difference of each check.

    Raises:
        ValueError: If a signature differs more than rounding explains.
    """
    loaded = tf.saved_model.load(str(path))
    answers = {
        signature: loaded.signatures[signature](
            **{name: tf.constant(value) for name, value in inputs.items()}
        )
        for signature, inputs in requests.items()
    }
    pixels = requests["restore_uint8"]["image"][0]
    floats = answers["restore_float"]["restored"][0].numpy()
    differences = {
        "restore_float": np.abs(
            floats - restorer.restore(requests["restore_float"]["image"][0])
        ).max(),
        "restore_uint8": _levels(answers["restore_uint8"]["restored"][0], restorer, pixels),
    }
    if jpeg_quality is None:
        file = answers["serving_default"]["restored_bytes"][0]
        differences["serving_default"] = _levels(tf.io.decode_png(file), restorer, pixels)
    checks = []
    for signature, difference in differences.items():
        allowed = _FLOAT_TOLERANCE if signature == "restore_float" else _LEVEL_TOLERANCE
        # Written so that NaN fails.
        if not difference <= allowed:
            raise ValueError(
                f"The SavedModel was not written: {signature} differs from Restorer by "
                f"{difference:g}, expected at most {allowed:g}."
            )
        checks.append({"signature": signature, "difference": float(difference), "allowed": allowed})
    return checks


def _levels(answer: tf.Tensor, restorer: Restorer, pixels: np.ndarray) -> int:
    """Largest difference in steps of 8 bits."""
    return np.abs(answer.numpy().astype(int) - restorer.restore(pixels).astype(int)).max()
