"""The conversion that anybody would try first, to compare with."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from hinet_tf.deploy.native_log import silenced
from hinet_tf.models import HINet


def convert_plainly(model: HINet, size: tuple[int, int]) -> "PlainFile":
    """Converts the training graph as it is, by `TFLiteConverter.from_keras_model`.

    Its batch and size are static too, else XNNPACK would not take the transposed convolutions.
    """
    image = keras.Input(batch_shape=(1, *size, model.channels), name="image")
    restored = model(image)["restored"]
    with silenced():
        converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(image, restored))
        return PlainFile(converter.convert())


class PlainFile:
    """A converted file without the signatures that `TFLiteModel` expects.

    Args:
        content: The file.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content

    def runner(self, image: np.ndarray, num_threads: int) -> Callable[[], np.ndarray]:
        """Returns what restores an image once."""
        with silenced():
            interpreter = Interpreter(model_content=self.content, num_threads=num_threads)
            interpreter.allocate_tensors()
        (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()

        def restore() -> np.ndarray:
            interpreter.set_tensor(source["index"], image[None])
            interpreter.invoke()
            return interpreter.get_tensor(target["index"])[0]

        return restore
