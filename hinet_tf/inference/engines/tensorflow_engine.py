"""Keras models and SavedModels in TensorFlow."""

import math
import os
import threading
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from hinet_tf.inference.engines.engine import stage_name
from hinet_tf.inference.engines.restoring_function import CONSTANT_COPIES, restoring_function
from hinet_tf.inference.saved_model_manifest import MANIFEST, read_manifest
from hinet_tf.models import HINet


class TensorFlowEngine:
    """Runs a Keras model as one graph, or a SavedModel by its signature.

    Args:
        model: A Keras model of one image, or the path of a SavedModel directory.
        precision: `"float32"` or `"bfloat16"`, the latter for a `HINet` only.
        fast: Stop after the first stage; for a model that has a `"stage1"` output.
        memory: The weights become constants of the graph, which is faster, where that takes
            at most so many bytes for a moment.

    Raises:
        ValueError: If the model does not restore images, or cannot stop or compute as asked.

    Example:
    >>> engine = TensorFlowEngine(hinet_tf.HINet(width=4, depth=2))
    >>> engine(np.zeros((1, 32, 32, 3), np.float32)).shape
    (1, 32, 32, 3)
    """

    sizes: tuple[tuple[int, int], ...] | None = None

    def __init__(
        self, model: Any, precision: str = "float32", fast: bool = False, memory: int = 0
    ) -> None:
        # A convolution that oneDNN adds to its summand keeps pointers to both in the operation, not
        # in the call (`fuse_add_src_` of tensorflow/core/kernels/mkl/mkl_conv_ops.cc): in 2.21 two
        # calls at once write into each other's image or crash where a summand has other uses.
        self._lock = threading.Lock()
        if isinstance(model, keras.Model):
            self._open_keras_model(model, precision, fast, memory)
        else:
            self._open_saved_model(model, precision, fast)

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Restores float32 images in [0, 1], `(batch, height, width, channels)`, unclipped."""
        with self._lock:
            return self._restore(tf.constant(batch))

    def _open_keras_model(
        self, model: keras.Model, precision: str, fast: bool, memory: int
    ) -> None:
        names = model.output if isinstance(model.output, dict) else {}
        if fast and "stage1" not in names:
            raise ValueError(
                "Stopping after stage 1 needs a model with an output 'stage1'. Received: "
                f"outputs {list(names) or '(one, unnamed)'}."
            )
        self.channels = model.inputs[0].shape[-1]
        self.size_multiple = getattr(model, "size_multiple", 16)
        low = precision == "bfloat16"
        self.bytes_per_pixel = _bytes_per_pixel(getattr(model, "width", 64), fast, low)
        weights = sum(math.prod(variable.shape) * 4 for variable in model.variables)
        constants = weights * CONSTANT_COPIES <= memory
        if not constants:
            # As constants they are the weights of this moment; variables would follow the model.
            model = _copy(model)
        function = restoring_function(model, stage_name(fast), precision, constants=constants)
        self._restore = lambda batch: function(batch).numpy()

    def _open_saved_model(self, path: str | os.PathLike[str], precision: str, fast: bool) -> None:
        if not (Path(path) / "saved_model.pb").is_file():
            raise ValueError(
                f"Expected a Keras model or a SavedModel directory. Received: {path}, which "
                "holds no saved_model.pb."
            )
        if precision != "float32":
            raise ValueError(
                "A SavedModel computes in the precision it was exported with. Received: "
                f"precision={precision!r}; use the .keras file."
            )
        if (Path(path) / MANIFEST).is_file():
            # So that it is tiled as the model it came from.
            manifest = read_manifest(path)
            self.size_multiple = manifest.model["size_multiple"]
            self.bytes_per_pixel = manifest.recipe.bytes_per_pixel
        else:
            self.size_multiple = 16
            self.bytes_per_pixel = _bytes_per_pixel(64, fast, low_precision=False)
        # Kept alive: the signatures hold the variables by weak references only.
        try:
            self._loaded = tf.saved_model.load(str(path))
        except (tf.errors.OpError, KeyError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise ValueError(
                f"{path} is no readable SavedModel: {reason} Copy or export it again."
            ) from error
        function, name, output = _image_signature(self._loaded, path, stage_name(fast))
        self.channels = function.structured_input_signature[1][name].shape[-1]
        self._restore = lambda batch: function(**{name: batch})[output].numpy()


def _copy(model: keras.Model) -> keras.Model:
    # A clone of a HINet may be a functional model only, which no precision is chosen for.
    if isinstance(model, HINet):
        return model.rebuilt()
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def _image_signature(loaded: Any, path: Any, output: str) -> tuple[Any, str, str]:
    """The signature from float images of any size to float images, and its names."""
    for function in loaded.signatures.values():
        inputs = function.structured_input_signature[1]
        outputs = function.structured_outputs
        if len(inputs) != 1:
            continue
        (name, spec), *_ = inputs.items()
        if spec.dtype != tf.float32 or spec.shape.rank != 4 or spec.shape[1] is not None:
            continue
        images = [key for key, value in outputs.items() if value.dtype == tf.float32]
        if output in images:
            return function, name, output
        if output == "restored" and len(images) == 1:
            return function, name, images[0]
    found = {
        key: f"{list(f.structured_input_signature[1].values())} -> {list(f.structured_outputs)}"
        for key, f in loaded.signatures.items()
    }
    raise ValueError(
        f"{path} has no signature from float32 images of any size to '{output}'. "
        f"Received: {found or 'no signatures'}."
    )


def _bytes_per_pixel(width: int, fast: bool, low_precision: bool) -> int:
    """Growth of the process per pixel of a batch, measured (benchmarks/inference.md)."""
    per_channel = 30 if fast else 40
    return (per_channel // 2 if low_precision else per_channel) * width + 100
