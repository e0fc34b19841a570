"""Bulk restoration on Beam's DirectRunner: beside hinet-restore, killed, and started again.

Beam holds protobuf and Pillow at older versions than the rest, so that it is no part of the
`test` extra: `make test-bulk` runs these in an environment of their own.
"""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("apache_beam")

from hinet_tf import HINet, Restorer, export_saved_model
from hinet_tf.commands import restore as restore_command
from hinet_tf.data import builtin_photos

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "export" / "bulk_restore.py"
IMAGES, BAD = 200, 10


@pytest.fixture(scope="module")
def network():
    model = HINet(width=4, depth=2)
    layer = model.get_layer("stage2_output")
    layer.set_weights([0.1 * weight for weight in layer.get_weights()])
    return model


@pytest.fixture(scope="module")
def model(network, tmp_path_factory):
    return export_saved_model(network, tmp_path_factory.mktemp("models")).path


@pytest.fixture
def photos(tmp_path):
    """190 good and 10 bad files in folders, PNG, JPEG, WebP, TIFF and GIF."""
    folder = tmp_path / "photos"
    photo = builtin_photos("val").images(0)[1]
    for index in range(IMAGES):
        kind = ("png", "jpg", "webp", "tif", "gif")[index % 5]
        path = folder / f"roll{index % 3}" / f"{index:03}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(photo[index : index + 9 + index % 7, : 11 + index % 5])
        file = io.BytesIO()
        image.save(file, Image.registered_extensions()[f".{kind}"])
        content = file.getvalue()
        if index % (IMAGES // BAD) == 3:
            content = (b"", b"text", content[: len(content) // 3])[index % 3]
        path.write_bytes(content)
    return folder


def run(photos, model, out, *options):
    command = [sys.executable, SCRIPT, "--input", f"{photos}/**", "--model", model, "--out", out]
    return subprocess.Popen(
        [str(part) for part in (*command, *options)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"},
        start_new_session=True,
    )


def results(out):
    hidden = ("_failed", "_partial")
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.relative_to(out).parts[0] not in hidden
    }


def test_killed_in_the_middle_and_started_again(photos, network, model, tmp_path, capsys):
    out = tmp_path / "out"
    first = run(photos, model, out)
    # Until a third is done; a run that ends before has failed, and the assertion below says so.
    while first.poll() is None and len(list(out.glob("roll*/*"))) < IMAGES // 3:
        os.sched_yield()
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    half = results(out)
    assert IMAGES // 3 <= len(half) < IMAGES - BAD
    written = {name: (out / name).stat().st_mtime_ns for name in half}
    killed_at = time.time_ns()

    second = run(photos, model, out)
    errors = second.communicate()[1]
    assert second.returncode == 1, errors
    done = results(out)
    letters = list((out / "_failed").rglob("*.json"))
    assert len(done) == IMAGES - BAD
    assert len(letters) == BAD
    assert not (out / "_partial").exists()
    # Exactly once: what the first run finished, the second left alone.
    assert all((out / name).stat().st_mtime_ns == when for name, when in written.items())
    assert all((out / name).stat().st_mtime_ns > killed_at for name in done.keys() - half.keys())
    assert "WARNING:root" not in errors, "a line of a library"
    summary = next(line for line in errors.splitlines() if " restored, " in line)
    assert summary.startswith(f"{len(done) - len(half)} restored, ")
    assert "megapixels/s" in summary

    reasons = {letter["source"]: letter["reason"] for letter in map(_read_json, letters)}
    assert set(reasons) == {
        str(path) for index, path in enumerate(sorted(photos.glob("*/*"), key=_number))
        if index % (IMAGES // BAD) == 3
    }  # fmt: skip
    assert all(reasons.values()) and not any("Traceback" in r for r in reasons.values())

    # Byte for byte what hinet-restore writes, with the SavedModel and with the trained model.
    keras_file = tmp_path / "model.keras"
    network.save(keras_file)
    for name in (str(model), str(keras_file)):
        other = tmp_path / f"beside-{Path(name).name}"
        assert restore_command.main([str(photos), "--model", name, "--out", str(other)]) == 1
        assert results(other) == done


def test_one_name_for_two_sources(model, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    image = Image.fromarray(np.full((9, 9, 3), 99, np.uint8))
    image.save(folder / "a.gif")
    image.save(folder / "a.png")
    process = run(folder, model, tmp_path / "out")
    errors = process.communicate()[1]
    assert process.returncode == 1 and "1 restored, 1 failed" in errors
    (letter,) = (tmp_path / "out" / "_failed").glob("*.json")
    assert "would become a.png as well" in _read_json(letter)["reason"]


def test_nothing_but_a_version_directory(photos, tmp_path):
    process = run(photos, tmp_path, tmp_path / "out")
    errors = process.communicate()[1]
    assert process.returncode == 2
    assert "holds no saved_model.pb" in errors and "Traceback" not in errors


def test_a_tiled_image_is_restored_as_the_trained_model_restores_it(network, model):
    image = builtin_photos("val").images(0)[1][:200, :230]
    options = {"memory": 3_000_000}
    expected = Restorer(network, **options)
    served = Restorer(model, **options)
    assert served.tile_size(200, 230) == expected.tile_size(200, 230) != (200, 230)
    np.testing.assert_array_equal(served.restore(image), expected.restore(image))


def _read_json(path):
    return json.loads(Path(path).read_text())


def _number(path):
    return int(path.stem)


def test_a_failure_without_a_reason_is_a_failure():
    from hinet_tf.deploy.bulk.restoration import ImageTask, _restore

    class Silent:
        def restore_file(self, source, target):
            raise ValueError

    task = _restore(ImageTask("a.png", "a.png", b"not restored"), Silent())
    assert (task.problem, task.content) == ("no reason given", b"")
