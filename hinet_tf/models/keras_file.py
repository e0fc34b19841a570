"""`.keras` files that anybody may have written."""

import io
import os
import warnings
import zipfile
from typing import Any

import h5py
import keras

from hinet_tf.files import json_object, size_text
from hinet_tf.models.keras_2 import refusal, saved_by_keras_2
from hinet_tf.models.weights import weights_bytes, without_values

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"
# Configs of networks of a thousand layers are smaller.
_CONFIG_LIMIT = 2**24
# Keras stores weights uncompressed, and whoever packs a file again gains a tenth.
_MOST_EXPANSION = 20


def read_keras_file(path: str | os.PathLike[str]) -> keras.Model:
    """Reads a `.keras` file without running code from it or believing what it says of its size.

    Config and weights are checked first: a network is only built if the file holds as many bytes
    of weights as the config asks for.

    Args:
        path: The file.

    Returns:
        The model, not compiled.

    Raises:
        ValueError: If it is damaged, holds code or a class that nobody registered with Keras, or
            claims to be larger than it is; or if Keras 2 wrote it.
        OSError: If it cannot be read.

    Example:
    >>> read_keras_file("best.keras").width
    2
    """
    if saved_by_keras_2(path):
        raise ValueError(refusal(path))
    with open(path, "rb") as file:
        try:
            _check(file)
            with warnings.catch_warnings():
                # Of what a damaged file lacks; the error says it.
                warnings.simplefilter("ignore")
                return keras.saving.load_model(path, compile=False)
        # What a file makes zipfile, HDF5 and Keras raise is of a dozen types, and the file's fault.
        except Exception as error:
            raise ValueError(
                f"{path} is not a readable .keras file: {_reason(error)}. Expected a model as "
                "model.save writes it; copy or save it again."
            ) from error


def _check(file: Any) -> None:
    """Raises an error of any type if Keras should not be given the file."""
    if not zipfile.is_zipfile(file):
        raise ValueError("it is no zip archive, or was cut short")
    with zipfile.ZipFile(file) as archive:
        text = _member(archive, _CONFIG, _CONFIG_LIMIT)
        weights = _member(archive, _WEIGHTS)
    try:
        config = json_object(text)
    except ValueError as error:
        raise ValueError(f"its {_CONFIG} cannot be read: {error}") from error
    config["compile_config"] = None
    model = without_values(lambda: keras.saving.deserialize_keras_object(config, safe_mode=True))
    if not isinstance(model, keras.Model):
        raise ValueError(f"it holds a {type(model).__name__} instead of a model")
    needed = weights_bytes(model)
    if needed > len(weights):
        raise ValueError(
            f"its config asks for {size_text(needed)} of weights, and it holds "
            f"{size_text(len(weights))}"
        )
    claimed = _claimed(weights)
    if claimed > len(weights):
        raise ValueError(
            f"its weights claim {size_text(claimed)} and take {size_text(len(weights))}"
        )


def _member(archive: zipfile.ZipFile, name: str, limit: int | None = None) -> bytes:
    if name not in archive.namelist():
        raise ValueError(f"it holds no {name}")
    entry = archive.getinfo(name)
    if entry.file_size > (limit or entry.compress_size * _MOST_EXPANSION):
        raise ValueError(f"its {name} claims {size_text(entry.file_size)}")
    return archive.read(name)


def _claimed(weights: bytes) -> int:
    """Memory that all arrays of an HDF5 file would take."""
    total = 0

    def add(_name: str, entry: Any) -> None:
        nonlocal total
        total += entry.nbytes if isinstance(entry, h5py.Dataset) else 0

    try:
        with h5py.File(io.BytesIO(weights)) as file:
            file.visititems(add)
    except (OSError, RuntimeError) as error:
        raise ValueError(f"its weights are no whole HDF5 file ({error})") from error
    return total


def _reason(error: Exception) -> str:
    """The part of an error's text that says what is wrong with the file."""
    text = str(error)
    # Keras goes on to advise how to run it all the same.
    if "safe_mode" in text or "unsafe" in text:
        return "it holds Python code, which is never run"
    text = text.rpartition("Exception encountered: ")[2].partition("Full object config")[0]
    # Where many variables do not fit, the first is named after their number.
    text = " ".join(" ".join(text.split("\n\n")[:2]).split())
    return text[:300].rstrip(".") or type(error).__name__
