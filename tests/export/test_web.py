"""export/web.py without a browser: what it refuses, writes and sends."""

import json
import threading
import urllib.request
from pathlib import Path

import pytest

import export.web as command
from hinet_tf.deploy.tflite.metadata import add_metadata
from hinet_tf.deploy.web import runtime
from hinet_tf.deploy.web.page import export_web_page
from hinet_tf.deploy.web.server import PageServer

ABOUT = {
    "task": "denoise",
    "image": {"type": "float32", "colors": "RGB", "sizes": [[64, 64]]},
    "tiling": {"tile": [64, 64], "overlap": 32},
    "license": "MIT",
    "training_data": "photos",
}


@pytest.fixture
def source(tmp_path):
    """The page's own files beside a stand-in for the 20 MB of LiteRT.js."""
    folder = tmp_path / "source"
    folder.mkdir()
    for path in Path(command.__file__).with_name("web").iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    (folder / "litert").mkdir()
    (folder / "litert" / "LICENSE").write_text("LiteRT.js")
    return folder


def tflite(path, **changes):
    path.write_bytes(add_metadata(b"\x1c\0\0\0TFL3" + bytes(100), {**ABOUT, **changes}))
    return path


def test_the_page_says_what_it_has(source, tmp_path):
    model = tflite(tmp_path / "a.tflite")
    out = tmp_path / "page"
    manifest = json.loads(export_web_page({"a": model, "b": model}, source, out).read_text())
    assert [entry["name"] for entry in manifest["models"]] == ["a", "b"]
    for entry in manifest["models"]:
        assert (out / entry["file"]).read_bytes() == model.read_bytes()
        assert (out / entry["example"]).read_bytes().startswith(b"\x89PNG")
        assert (entry["sizes"], entry["overlap"]) == ([[64, 64]], 32)
    assert all((out / name).is_file() for name in manifest["page"])
    assert "unversioned" not in (out / "service_worker.js").read_text()
    # Whatever changes, browsers that keep the page notice.
    first = (out / "service_worker.js").read_text()
    export_web_page({"a": tflite(model, license="other")}, source, out)
    assert (out / "service_worker.js").read_text() != first
    assert not (out / "models" / "b.tflite").exists()


@pytest.mark.parametrize("image", [{"type": "uint8"}, {"colors": "gray"}])
def test_models_of_other_images_are_refused(source, tmp_path, image):
    model = tflite(tmp_path / "a.tflite", image=ABOUT["image"] | image)
    with pytest.raises(ValueError, match="float32 RGB images"):
        export_web_page({"a": model}, source, tmp_path / "page")
    assert not (tmp_path / "page").exists()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--model", "a/x.keras", "b/x.keras"], "names of their own"),
        (["--size", "100"], "expected HxW"),
        ([], "is no page"),
        (["--serve", "--port", "many"], "invalid int"),
    ],
)
def test_wrong_usage(tmp_path, capsys, arguments, message):
    out = tmp_path / "page"
    if not arguments:
        out.mkdir()
        (out / "thesis.tex").write_text("mine")
    try:
        code = command.main(["--out", str(out), *arguments])
    except SystemExit as error:
        code = error.code
    assert code == 2
    assert message in capsys.readouterr().err
    assert not (out / "models.json").exists()


def test_an_older_page_is_kept_unless_told(tmp_path, capsys):
    (tmp_path / "models.json").write_text("{}")
    assert command.main(["--out", str(tmp_path), "--model", "denoise_0.25x"]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert command.main(["--out", str(tmp_path)]) == 2
    assert "or --serve to show it" in capsys.readouterr().err
    assert (tmp_path / "models.json").read_text() == "{}"


def test_the_server_isolates_the_page_and_refuses_a_taken_port(tmp_path):
    (tmp_path / "worker.js").write_text("0")
    with PageServer(tmp_path, port=0) as server:
        threading.Thread(target=server.serve_forever).start()
        with urllib.request.urlopen(server.url + "worker.js") as response:
            assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert response.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
            assert response.headers["Content-Type"] == "text/javascript"
        with pytest.raises(OSError, match="choose another with --port"):
            PageServer(tmp_path, port=server.server_port)
        server.shutdown()


NO_REGISTRY = "http://127.0.0.1:9"


def test_without_a_network_one_line_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("npm_config_registry", NO_REGISTRY)
    with pytest.raises(OSError, match="Connect to the network, name a mirror") as caught:
        runtime.ensure_runtime(tmp_path / "litert")
    assert f"{NO_REGISTRY}/@litertjs/core/-/core-" in str(caught.value)
    assert not (tmp_path / "litert").exists()


def test_another_package_than_the_pinned_one_is_not_used(tmp_path, monkeypatch):
    archive = tmp_path / f"@litertjs/core/-/core-{runtime.VERSION}.tgz"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"other")
    with PageServer(tmp_path, port=0) as server:
        threading.Thread(target=server.serve_forever).start()
        monkeypatch.setenv("npm_config_registry", server.url)
        with pytest.raises(ValueError, match="another checksum"):
            runtime.ensure_runtime(tmp_path / "litert")
        server.shutdown()
    assert not (tmp_path / "litert").exists()
