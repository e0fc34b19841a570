"""Presets from Hugging Face: its own client against a local server that speaks its interface."""

import hashlib
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
from hinet_tf.models.presets import is_preset, preset_card

pytest.importorskip("huggingface_hub")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(http.server.ThreadingHTTPServer):
    """Serves the files of `owner/name`; `status` answers instead, `cut` ends a file early."""

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), Answer)
        self.folder, self.status, self.cut = folder, None, None
        self.asked = []


class Answer(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        hub, (_, owner, name, *rest) = self.server, self.path.split("/")
        hub.asked.append(f"{self.command} {self.path}")
        file = hub.folder / (rest[-1] if rest else "")
        if hub.status or f"{owner}/{name}" != "owner/name" or rest[0] != "resolve":
            return self.refuse(hub.status or 404, "RepoNotFound")
        if rest[1] not in ("main", COMMIT):
            return self.refuse(404, "RevisionNotFound")
        if not file.is_file():
            return self.refuse(404, "EntryNotFound")
        content = file.read_bytes()
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[: hub.cut if file.suffix == ".safetensors" else None])
        return None

    do_GET = do_HEAD

    def refuse(self, status, code):
        self.send_response(status)
        if status != 401:
            self.send_header("X-Error-Code", code)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model and the folder that it was saved to."""
    folder = tmp_path_factory.mktemp("preset")
    model = HINet(width=4, depth=2)
    model.save_to_preset(folder, name="name", task="denoise", license="MIT")
    return model, folder


@pytest.fixture
def hub(saved, tmp_path):
    folder = tmp_path / "hub"
    folder.mkdir()
    for file in saved[1].iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    server = Hub(folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def environment(tmp_path, port):
    settings = {
        "HF_ENDPOINT": f"http://127.0.0.1:{port}",
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "NO_PROXY": "127.0.0.1",
    }
    return {**os.environ, **settings}


def fetch(tmp_path, port, address="hf://owner/name"):
    """What becomes of an address, in a process of its own: the client reads its settings once."""
    code = (
        "import sys, time\n"
        # Between its tries the client waits for seconds.
        "time.sleep = lambda seconds: None\n"
        "from hinet_tf.models.presets.registry import card_path\n"
        "try: print('came to', card_path(sys.argv[1]))\n"
        "except (ValueError, OSError) as error: print(type(error).__name__, error)\n"
    )
    command = [sys.executable, "-c", code, address]
    done = subprocess.run(
        command, env=environment(tmp_path, port), capture_output=True, text=True, timeout=120
    )
    assert not done.returncode and "Retry" not in done.stderr, done.stderr
    return done.stdout.strip()


def kept(tmp_path):
    """Names of the weights, and of what is left half-written, in the cache."""
    cache = tmp_path / "home" / "hub"
    blobs = [path for path in cache.glob("*/blobs/*") if path.suffix == ".incomplete"]
    return [path.name for path in [*cache.rglob("model.safetensors"), *blobs]]


def test_a_preset_comes_is_kept_and_is_the_model(saved, hub, tmp_path):
    answer = fetch(tmp_path, hub.server_port)
    card = Path(answer.removeprefix("came to "))
    assert card.name == "config.json", answer
    loaded = HINet.from_preset(card.parent)
    for ours, theirs in zip(loaded.get_weights(), saved[0].get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    # Of the commit that the card came from, and no file twice.
    assert any(COMMIT in line and "model.safetensors" in line for line in hub.asked)
    hub.asked.clear()
    assert fetch(tmp_path, hub.server_port) == answer
    assert not [line for line in hub.asked if line.startswith("GET")]
    # And without a network.
    hub.shutdown()
    hub.server_close()
    assert fetch(tmp_path, hub.server_port) == answer
    assert fetch(tmp_path, hub.server_port, f"hf://owner/name@{COMMIT}") == answer


def test_a_hub_that_is_down_is_named(hub, tmp_path):
    hub.shutdown()
    hub.server_close()
    answer = fetch(tmp_path, hub.server_port)
    expected = "OSError hf://owner/name is not in the cache and Hugging Face does not answer."
    assert answer.startswith(expected) and "\n" not in answer
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    ("status", "address", "expected"),
    [
        (401, "hf://owner/name", "OSError hf://owner/name may not be read (status 401)"),
        (404, "hf://owner/name", "ValueError hf://owner/name is not there (status 404)"),
        (None, "hf://owner/name@v9", "ValueError hf://owner/name@v9: there is no revision 'v9'"),
        (None, "hf://a/b/c", "ValueError hf://a/b/c is no address: expected hf://owner/name."),
    ],
)
def test_a_refusal_is_one_line(hub, tmp_path, status, address, expected):
    hub.status = status
    answer = fetch(tmp_path, hub.server_port, address)
    assert answer.startswith(expected) and "\n" not in answer
    assert kept(tmp_path) == []


def test_a_repository_without_weights_or_with_another_card(hub, tmp_path):
    (hub.folder / "model.safetensors").unlink()
    answer = fetch(tmp_path, hub.server_port)
    assert answer == "ValueError hf://owner/name holds no preset: no model.safetensors is there."
    card = json.loads((hub.folder / "config.json").read_text())
    (hub.folder / "config.json").write_text(json.dumps({**card, "format": 7}))
    answer = fetch(tmp_path / "other", hub.server_port)
    assert answer.startswith("ValueError hf://owner/name: ") and "card of format 7" in answer
    assert "\n" not in answer and "model.safetensors" not in "".join(hub.asked[-1:])


def test_a_file_that_is_cut_leaves_nothing(hub, tmp_path):
    hub.cut = 1000
    answer = fetch(tmp_path, hub.server_port)
    assert answer.startswith("OSError model.safetensors of hf://owner/name did not arrive whole")
    assert "\n" not in answer and kept(tmp_path) == []
    hub.cut = None
    assert fetch(tmp_path, hub.server_port).startswith("came to")


def test_weights_that_are_not_the_cards_are_not_kept(hub, tmp_path):
    good = (hub.folder / "model.safetensors").read_bytes()
    (hub.folder / "model.safetensors").write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    answer = fetch(tmp_path, hub.server_port)
    assert answer.startswith("ValueError hf://owner/name is damaged: the SHA-256 of model.safet")
    assert "\n" not in answer and kept(tmp_path) == []
    (hub.folder / "model.safetensors").write_bytes(good)
    assert fetch(tmp_path, hub.server_port).startswith("came to")


@pytest.mark.parametrize(
    ("address", "package"),
    [("hf://owner/name", "huggingface_hub"), ("kaggle://owner/model/keras/small", "kagglehub")],
)
def test_without_its_client_the_extra_is_named(monkeypatch, address, package):
    monkeypatch.setitem(sys.modules, package, None)
    assert is_preset(address)
    with pytest.raises(
        ValueError, match=rf"{address} needs .* {package}: pip install 'hinet-tf\[hub\]'"
    ):
        preset_card(address)
