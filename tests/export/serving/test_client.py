"""The client against both interfaces of the loopback server."""

import importlib.util
import io
import os
import subprocess
import sys
from pathlib import Path

import grpc
import numpy as np
import pytest
from PIL import Image

SCRIPT = Path(__file__).parents[3] / "export" / "serving" / "client.py"


def load_script():
    spec = importlib.util.spec_from_file_location("serving_client", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


client_module = load_script()
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


@pytest.fixture(params=["http", "grpc"])
def url(request, server):
    port = server.rest_port if request.param == "http" else server.grpc_port
    return f"{request.param}://127.0.0.1:{port}"


@pytest.fixture
def client(url):
    return client_module.RestorationClient(url, pause=0.0)


@pytest.mark.parametrize("label", [None, "stable"])
def test_what_comes_back_is_what_the_restorer_makes(url, label, png, photo, restorer, decode):
    client = client_module.RestorationClient(url, label=label)
    np.testing.assert_array_equal(decode(client.restore(png)), restorer.restore(photo))


def test_the_command_says_nothing_of_its_libraries(url, png, photo, restorer, decode, tmp_path):
    (tmp_path / "in.png").write_bytes(png)
    command = [sys.executable, str(SCRIPT), "in.png", "--url", url, "--out", "out"]
    # As a shell has it, not as the tests set it.
    loud = {name: text for name, text in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(command, cwd=tmp_path, env=loud, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done
    (written,) = (tmp_path / "out").iterdir()
    np.testing.assert_array_equal(decode(written.read_bytes()), restorer.restore(photo))


@pytest.mark.parametrize("length", [0, 1, 8, 100])
def test_a_bad_file_is_refused_with_its_reason(client, png, length):
    reason = "empty" if length == 0 else "something else|truncated or corrupt"
    with pytest.raises(client_module.RefusedImage, match=reason):
        client.restore(png[:length])


def test_a_bomb_is_not_sent(client, bomb):
    client._send = lambda *_: pytest.fail("it was sent")
    with pytest.raises(client_module.RefusedImage, match=r"50000x50000|decompression bomb"):
        client.restore(bomb)


def test_a_bomb_that_is_sent_is_refused(client, bomb):
    client._check_size = lambda content: None
    with pytest.raises(client_module.RefusedImage, match="50000x50000 pixels; expected at most"):
        client.restore(bomb)


def test_a_large_file_is_not_sent(url, png):
    client = client_module.RestorationClient(url, max_bytes=len(png) - 1)
    with pytest.raises(client_module.RefusedImage, match="bytes; expected at most"):
        client.restore(png)


def test_a_full_queue_is_waited_for(client, server, png, photo, restorer, decode):
    server.servable.refuse_next = [UNAVAILABLE] * 3
    np.testing.assert_array_equal(decode(client.restore(png)), restorer.restore(photo))
    assert server.servable.refuse_next == []


def test_patience_ends(client, server, png):
    server.servable.refuse_next = [UNAVAILABLE] * 9
    with pytest.raises(client_module.ServerError, match=r"after 4 attempts.*queue is full"):
        client.restore(png)
    assert len(server.servable.refuse_next) == 5
    server.servable.refuse_next = []


def test_what_is_not_the_whole_image_is_no_answer(client, png, photo, restorer, decode):
    with io.BytesIO() as file:
        Image.new("RGB", (photo.shape[1] + 1, photo.shape[0])).save(file, "PNG")
        bad = [b"", png[:-20], file.getvalue()]
    send, answers = client._send, list(bad)
    client._send = lambda *call: (answers.pop(), "") if answers else send(*call)
    np.testing.assert_array_equal(decode(client.restore(png)), restorer.restore(photo))
    answers, client.attempts = list(bad), 3
    with pytest.raises(client_module.ServerError, match=r"3 attempts: .* not the whole image"):
        client.restore(png)


def test_what_will_not_pass_is_not_tried_again(client, server, png):
    server.servable.refuse_next = [grpc.StatusCode.INVALID_ARGUMENT, UNAVAILABLE]
    with pytest.raises(client_module.ServerError, match="queue is full"):
        client.restore(png)
    assert server.servable.refuse_next == [UNAVAILABLE]
    server.servable.refuse_next = []


@pytest.mark.parametrize(
    "options, reason",
    [({"model": "other"}, "Servable not found"), ({"label": "canary"}, "Unrecognized servable")],
)
def test_an_unknown_model_or_label_is_named(url, png, options, reason):
    with pytest.raises(client_module.ServerError, match=reason):
        client_module.RestorationClient(url, **options).restore(png)


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_nobody_listens(scheme, png):
    client = client_module.RestorationClient(
        f"{scheme}://127.0.0.1:9", attempts=2, pause=0.0, timeout=5
    )
    with pytest.raises(client_module.ServerError, match=r"after [12] attempts"):
        client.restore(png)


def test_an_address_without_scheme_is_explained():
    with pytest.raises(ValueError, match="Expected http://host:port"):
        client_module.RestorationClient("localhost:8501")


def test_the_command_writes_what_is_good_and_names_what_is_not(
    url, tmp_path, png, photo, restorer, decode, capsys
):
    (tmp_path / "good.png").write_bytes(png)
    (tmp_path / "bad.png").write_bytes(b"not an image")
    files = [str(tmp_path / name) for name in ("bad.png", "good.png", "missing.png")]
    out = tmp_path / "out"
    assert client_module.main([*files, "--url", url, "--out", str(out)]) == 1
    assert [path.name for path in out.iterdir()] == ["good.png"]
    restored = decode((out / "good.png").read_bytes())
    np.testing.assert_array_equal(restored, restorer.restore(photo))
    errors = capsys.readouterr().err
    assert "bad.png: expected a PNG" in errors
    assert "missing.png: No such file or directory\n" in errors
    assert "Traceback" not in errors and "Errno" not in errors


@pytest.mark.parametrize(
    ("names", "out", "message"),
    [
        (["a/1.jpg", "b/1.png"], "r", "would both become"),
        (["a/1.png"], "a", "would be replaced by its result"),
        (["a/1.webp", "b/2.png"], "b", "would be replaced by its result"),
    ],
)
def test_no_result_replaces_another_or_a_source(tmp_path, capsys, names, out, message):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"mine")
    files = [str(tmp_path / name) for name in names]
    assert load_script().main([*files, "--out", str(tmp_path / out)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error
    assert all((tmp_path / name).read_bytes() == b"mine" for name in names)


def test_a_wrong_address_is_wrong_usage(tmp_path, capsys):
    assert client_module.main(["x.png", "--url", "nonsense", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
