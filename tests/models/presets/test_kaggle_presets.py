"""Presets from Kaggle: its own client against a local server, where the client looks for one."""

import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from hinet_tf import HINet

pytest.importorskip("kagglehub")
ADDRESS = "kaggle://owner/model/keras/small/1"


class Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        hub = self.server
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        file = hub.folder / asked.get("path", "none")
        known = asked["ownerSlug"] == "owner" and file.is_file()
        content = file.read_bytes() if known and not hub.status else b""
        self.send_response(hub.status or (200 if known else 404))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: hub.cut if file.suffix == ".safetensors" else None])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def hub(tmp_path):
    # The one address that Kaggle's client can be pointed to without a Kaggle of one's own.
    try:
        server = http.server.ThreadingHTTPServer(("localhost", 7777), Answer)
    except OSError:
        pytest.skip("port 7777, where Kaggle's client looks for a test server, is taken")
    server.folder, server.status, server.cut = tmp_path / "preset", None, None
    server.model = HINet(width=4, depth=2)
    server.model.save_to_preset(server.folder, task="denoise", license="MIT")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def fetch(tmp_path, address=ADDRESS):
    code = (
        "import sys\n"
        "from hinet_tf.models.presets.registry import card_path\n"
        "try: print('came to', card_path(sys.argv[1]))\n"
        "except (ValueError, OSError) as error: print(type(error).__name__, error)\n"
    )
    settings = {
        "KAGGLE_API_ENVIRONMENT": "TEST",
        "KAGGLEHUB_CACHE": str(tmp_path / "cache"),
        "KAGGLE_CONFIG_DIR": str(tmp_path / "settings"),
        "NO_PROXY": "localhost",
    }
    done = subprocess.run(
        [sys.executable, "-c", code, address],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert not done.returncode, done.stderr
    # Pointed to a test server, the client prints its requests.
    return done.stdout.strip().splitlines()[-1]


def kept(tmp_path):
    return list((tmp_path / "cache").rglob("model.safetensors"))


def test_a_preset_comes_and_is_the_model(hub, tmp_path):
    answer = fetch(tmp_path)
    assert answer.startswith("came to"), answer
    loaded = HINet.from_preset(Path(answer.removeprefix("came to ")).parent)
    for ours, theirs in zip(loaded.get_weights(), hub.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    hub.shutdown()
    hub.server_close()
    assert fetch(tmp_path) == answer


def test_what_is_damaged_is_not_kept(hub, tmp_path):
    hub.cut = 1000
    answer = fetch(tmp_path)
    assert answer.startswith(f"OSError model.safetensors of {ADDRESS} did not arrive whole")
    assert not kept(tmp_path)
    hub.cut, weights = None, hub.folder / "model.safetensors"
    good = weights.read_bytes()
    weights.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    assert fetch(tmp_path).startswith(f"ValueError {ADDRESS} is damaged: the SHA-256 of model.safe")
    assert not kept(tmp_path)
    weights.write_bytes(good)
    assert fetch(tmp_path).startswith("came to")


@pytest.mark.parametrize(
    ("status", "address", "expected"),
    [
        (401, ADDRESS, f"OSError {ADDRESS} may not be read (status 401)"),
        (None, "kaggle://a/b/keras/c/1", "ValueError kaggle://a/b/keras/c/1 is not there"),
        (None, "kaggle://a/b", "ValueError kaggle://a/b is no address: expected kaggle://owner/m"),
    ],
)
def test_a_refusal_is_one_line(hub, tmp_path, status, address, expected):
    hub.status = status
    assert fetch(tmp_path, address).startswith(expected)
