"""Requests that a server plays to itself before it takes any."""

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

# Where TensorFlow Serving looks for them (its guide "SavedModel Warmup").
WARM_UP_FILE = "assets.extra/tf_serving_warmup_requests"


def can_write_warm_up() -> bool:
    """Whether the messages of TensorFlow Serving are installed."""
    return importlib.util.find_spec("tensorflow_serving") is not None


def write_warm_up(
    path: str | os.PathLike[str], requests: Mapping[str, Mapping[str, np.ndarray | list[bytes]]]
) -> None:
    """Writes one request per signature into a SavedModel.

    The first request to a signature otherwise waits for its graph to be optimized: seconds.

    Args:
        path: The SavedModel directory.
        requests: Signature name -> input name -> value.
    """
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    target = Path(path) / WARM_UP_FILE
    target.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(target)) as writer:
        for signature, inputs in requests.items():
            request = predict_pb2.PredictRequest()
            request.model_spec.signature_name = signature
            for name, value in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            log = prediction_log_pb2.PredictionLog(
                predict_log=prediction_log_pb2.PredictLog(request=request)
            )
            writer.write(log.SerializeToString())
