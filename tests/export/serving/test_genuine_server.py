"""The same client against a genuine tensorflow_model_server, where there is one.

TF_SERVING_BIN=/usr/bin/tensorflow_model_server pytest tests/export/serving/test_genuine_server.py
TF_SERVING_URL=http://host:8501 TF_SERVING_MODEL=/models/hinet/1 pytest ...

With a URL, the server must serve the SavedModel at TF_SERVING_MODEL as "hinet".
"""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from test_client import client_module

BINARY, URL = os.environ.get("TF_SERVING_BIN"), os.environ.get("TF_SERVING_URL")

pytestmark = pytest.mark.skipif(
    not (BINARY or URL), reason="set TF_SERVING_BIN or TF_SERVING_URL to run against a real server"
)


@pytest.fixture(scope="module")
def genuine(exported, free_port):
    """The addresses of a server, and the SavedModel it serves."""
    if URL:
        yield [URL], Path(os.environ.get("TF_SERVING_MODEL", exported))
        return
    rest, rpc = free_port(), free_port()
    process = subprocess.Popen(
        [
            BINARY, f"--port={rpc}", f"--rest_api_port={rest}", "--model_name=hinet",
            f"--model_base_path={exported.parent}",
        ]
    )  # fmt: skip
    yield [f"http://127.0.0.1:{rest}", f"grpc://127.0.0.1:{rpc}"], exported
    process.terminate()
    process.wait()


def test_a_genuine_server_answers_as_the_saved_model(genuine, png, decode):
    addresses, path = genuine
    serve = tf.saved_model.load(str(path)).signatures["serving_default"]
    expected = decode(serve(image_bytes=tf.constant([png]))["restored_bytes"][0].numpy())
    for address in addresses:
        # Loading takes a while; the client waits for it.
        client = client_module.RestorationClient(address, attempts=8, pause=1.0, timeout=180)
        restored = decode(client.restore(png))
        # Another build of TensorFlow may round a float32 sum otherwise: one level at most.
        assert np.abs(restored.astype(int) - expected.astype(int)).max() <= 1
        with pytest.raises(client_module.RefusedImage, match="truncated or corrupt"):
            client.restore(png[: len(png) // 2])
        client.restore(png)
