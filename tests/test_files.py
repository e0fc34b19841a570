import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hinet_tf.files import atomic_path


def test_replaces_the_file_only_on_success(tmp_path):
    target = tmp_path / "new" / "scores.json"
    with atomic_path(target) as path:
        assert path.suffix == ".json"
        path.write_text("1")
        assert not target.exists()
    assert target.read_text() == "1"
    with pytest.raises(RuntimeError), atomic_path(target) as path:
        path.write_text("half")
        raise RuntimeError
    assert target.read_text() == "1"
    assert os.listdir(target.parent) == ["scores.json"]


def test_a_name_may_be_as_long_as_names_can_be(tmp_path):
    target = tmp_path / ("ä" * 125 + ".json")
    with atomic_path(target) as path:
        path.write_text("1")
    assert target.read_text() == "1"


def test_an_error_names_the_target():
    # Nobody can make a file there.
    with pytest.raises(OSError, match=r"'/proc/scores\.json'"), atomic_path("/proc/scores.json"):
        pass


def test_replaces_a_whole_directory(tmp_path):
    target = tmp_path / "model"
    for content in ("first", "second"):
        with atomic_path(target) as path:
            path.mkdir()
            (path / content).write_text(content)
    assert os.listdir(target) == ["second"]
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_a_directory_that_cannot_be_replaced_stays(tmp_path, monkeypatch, error):
    target = tmp_path / "model"
    target.mkdir()
    (target / "good").write_text("old")
    rename = os.rename

    def fails_for_the_new_one(source, place):
        if "previous" not in (Path(source).name, Path(place).name):
            raise error
        rename(source, place)

    monkeypatch.setattr(os, "rename", fails_for_the_new_one)
    with pytest.raises(type(error)), atomic_path(target) as path:
        path.mkdir()
    assert os.listdir(tmp_path) == ["model"] and os.listdir(target) == ["good"]


def test_the_previous_model_survives_when_the_disk_takes_no_more(tmp_path):
    target = tmp_path / "best.keras"
    script = f"""
import resource
from hinet_tf import HINet
from hinet_tf.files import atomic_path
model = HINet(width=4, depth=2)
with atomic_path({str(target)!r}) as path:
    model.save(path)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
with atomic_path({str(target)!r}) as path:
    model.save(path)
"""
    # Python ignores the signal of the limit, so that the write fails as on a full disk.
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 1
    said = result.stderr.splitlines()[-1]
    assert said.startswith("OSError") and said.endswith(f"{str(target)!r}")
    import keras

    import hinet_tf

    assert isinstance(keras.models.load_model(target), hinet_tf.HINet)
    assert os.listdir(tmp_path) == ["best.keras"]


def test_a_kill_leaves_the_old_file(tmp_path):
    target = tmp_path / "log"
    target.write_text("old")
    script = f"""
import os, signal
from hinet_tf.files import atomic_path
with atomic_path({str(target)!r}) as path:
    path.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", script]).returncode == -signal.SIGKILL
    assert target.read_text() == "old"
