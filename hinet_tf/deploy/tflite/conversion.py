"""From the deployable graph to the bytes of a .tflite file."""

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence

import keras
import tensorflow as tf
from ai_edge_litert.tools import flatbuffer_utils

from hinet_tf.native_log import silenced

IMAGE_TYPES = ("float32", "uint8")


def signature_name(size: tuple[int, int]) -> str:
    """The signature that restores images of this height and width."""
    return "restore_{}x{}".format(*size)


def convert(
    graph: keras.Model,
    sizes: Sequence[tuple[int, int]],
    image_type: str = "float32",
    weight_bytes: int = 4,
) -> bytes:
    """Converts a deployable graph, with one static signature for each size.

    Each signature maps `image`, `(1, height, width, channels)`, to `restored` of the same
    shape; all signatures share one copy of the weights. Static shapes are what GPU delegates
    and browsers demand. The graph goes through a SavedModel: converting the concrete functions
    of a Keras 3 model gives, without a word, a file of unfrozen variables that returns NaN.

    Args:
        graph: What `deployable_graph` returned.
        sizes: `(height, width)` of each signature.
        image_type: `"float32"` in [0, 1] or `"uint8"`, for input and output alike.
        weight_bytes: Bytes of a stored weight: 4 for float32, 2 for float16, or 1 for int8 and
            activations that are quantized while the network runs.

    Returns:
        The content of the file.

    Raises:
        OSError: If the temporary folder is full.
    """
    module = tf.Module()
    # The variables alone: handed the model, the writer would trace every layer of it as well.
    module.weights = [weight.value for weight in graph.variables]
    signatures = {
        signature_name(size): tf.function(
            _restore(graph, image_type), autograph=False
        ).get_concrete_function(
            tf.TensorSpec((1, *size, graph.input.shape[-1]), image_type, name="image")
        )
        for size in sizes
    }
    with tempfile.TemporaryDirectory() as directory, silenced():
        try:
            tf.saved_model.save(module, directory, signatures=signatures)
        except tf.errors.OpError as error:
            # A full disk, as TensorFlow reports it.
            raise OSError(
                f"The temporary folder {tempfile.gettempdir()} could not be written: "
                f"{error.message} Make room there, or name another by TMPDIR."
            ) from error
        converter = tf.lite.TFLiteConverter.from_saved_model(
            directory, signature_keys=list(signatures)
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if weight_bytes < 4:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if weight_bytes == 2:
            converter.target_spec.supported_types = [tf.float16]
        content = converter.convert()
    return _casts_first(content) if image_type == "uint8" else content


def convolutions(content: bytes) -> Iterator[tuple[str, tuple[str, str]]]:
    """Finds the convolutions of all signatures of a float file.

    Args:
        content: The file, as `convert` made it.

    Yields:
        The path of the deployable graph's layer that a convolution came from, such as
        `stage1_encoder0/conv_1`, and the names of the tensors it reads and writes.
    """
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    for graph in model.subgraphs:
        for operator in graph.operators:
            if flatbuffer_utils.opcode_to_name(model, operator.opcodeIndex) == "CONV_2D":
                image, kernel, *_ = operator.inputs
                # `hinet_1/stage1_encoder0_1/conv_1_1/convolution`: each name numbered once more.
                _, *path, _ = graph.tensors[kernel].name.decode().split("/")
                layers = [re.sub(r"_\d+$", "", part) for part in path]
                tensors = [graph.tensors[i].name.decode() for i in (image, operator.outputs[0])]
                yield "/".join(part for part in layers if part != "taps"), tuple(tensors)


def _casts_first(content: bytes) -> bytes:
    """Moves the cast of the image in front of the operators that unpack weights.

    XNNPACK takes operators in their order, as many as it can until one it has not: a cast that
    follows the unpacking would part it from the convolutions.
    """
    model = flatbuffer_utils.convert_bytearray_to_object(content)
    for graph in model.subgraphs:
        inputs = {int(index) for index in graph.inputs}
        graph.operators.sort(key=lambda operator: int(operator.inputs[0]) not in inputs)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _restore(graph: keras.Model, image_type: str) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    def restore(image: tf.Tensor) -> dict[str, tf.Tensor]:
        if image_type == "float32":
            return {"restored": graph(image)}
        restored = graph(tf.cast(image, tf.float32) * (1 / 255))
        # Casting truncates: with the half it rounds. (tf.round is no operator of XNNPACK's.)
        pixels = tf.clip_by_value(restored, 0.0, 1.0) * 255 + 0.5
        return {"restored": tf.cast(pixels, tf.uint8)}

    return restore
