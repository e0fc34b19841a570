"""Bulk restoration on Dask: a scheduler and worker processes, one of them killed in the middle.

`make test-cluster` runs this in Beam's own environment; see tests/export/test_bulk_restore.py.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("apache_beam")
pytest.importorskip("distributed")

import distributed

from hinet_tf import HINet, export_saved_model
from hinet_tf.commands import restore as restore_command
from hinet_tf.data import builtin_photos
from hinet_tf.deploy.bulk.dask_cluster import dask_options, watch

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "export" / "bulk_restore.py"
PHOTOS, WORKERS = 90, 3


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    network = HINet(width=4, depth=2)
    return export_saved_model(network, tmp_path_factory.mktemp("models")).path


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    photo = builtin_photos("val").images(0)[1]
    for index in range(PHOTOS):
        Image.fromarray(photo[index : index + 60, : 80 + index % 5]).save(
            folder / f"{index:02}.png"
        )
    (folder / "bad.jpg").write_bytes(b"text")
    return folder


@pytest.fixture
def cluster(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{os.environ.get('PYTHONPATH', '')}")
    with distributed.LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster


def run(photos, model, out, *options):
    command = [sys.executable, SCRIPT, "--input", f"{photos}/**", "--model", model, "--out", out]
    return subprocess.Popen(
        [str(part) for part in (*command, "--runner", "DaskRunner", *options)],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def files(out):
    """What is restored so far, with what tells a file from another that took its place."""
    found = {}
    for path in out.glob("*.png"):
        status = path.stat()
        found[path.name] = (status.st_ino, status.st_mtime_ns)
    return found


def test_a_worker_killed_in_the_middle(cluster, photos, model, tmp_path, capsys):
    out = tmp_path / "out"
    process = run(
        photos, model, out, "--dask_client_address", cluster.scheduler_address,
        "--dask_partition_size", 5,
    )  # fmt: skip
    while process.poll() is None and len(files(out)) < PHOTOS // 3:
        os.sched_yield()
    with distributed.Client(cluster) as client:
        workers = client.run(os.getpid)
    assert len(workers) == WORKERS
    before = files(out)
    assert PHOTOS // 3 <= len(before) < PHOTOS
    os.kill(next(iter(workers.values())), signal.SIGKILL)
    errors = process.communicate()[1]

    # One file of the input is bad, and the run says so.
    assert process.returncode == 1, errors
    assert "1 failed" in errors
    done = files(out)
    assert sorted(done) == [f"{index:02}.png" for index in range(PHOTOS)]
    assert not (out / "_partial").exists()
    # None twice: what was there when the worker died, is the same file still.
    assert {name: done[name] for name in before} == before
    # All right: byte for byte what one process writes.
    alone = tmp_path / "alone"
    restore_command.main([str(photos), "--model", str(model), "--out", str(alone)])
    for name in done:
        assert (out / name).read_bytes() == (alone / name).read_bytes()


def test_no_part_loses_its_last_image_and_each_run_counts_its_own_failures(
    cluster, model, tmp_path
):
    """Beam's Dask runner drops what a stage gives at the end of a part; none of ours does."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(4):
        Image.fromarray(np.full((20, 20, 3), index, np.uint8)).save(folder / f"{index}.png")
    (folder / "bad.jpg").write_bytes(b"text")
    out = tmp_path / "out"
    options = ["--dask_client_address", cluster.scheduler_address, "--dask_partition_size", 1]
    process = run(folder, model, out, *options)
    errors = process.communicate()[1]
    assert process.returncode == 1 and "1 failed" in errors, errors
    assert f"reasons: {out / '_failed'}" in errors
    assert len(files(out)) == 4
    # What failed in an earlier run is not this run's failure.
    process = run(folder, model, out, *options)
    errors = process.communicate()[1]
    assert process.returncode == 0 and "0 failed" in errors, errors
    process = run(folder, model, out, *options, "--retry-failed")
    errors = process.communicate()[1]
    assert process.returncode == 1 and "1 failed" in errors, errors


def test_progress_names_tasks_and_workers(cluster):
    with distributed.Client(cluster) as client:
        go = distributed.Event("go")
        done = client.submit(int)
        done.result()
        lines = []

        def say(line):
            lines.append(line)
            # What was submitted reaches the scheduler a little later.
            if "of 2" in line or len(lines) > 1000:
                go.set()

        waiting = client.submit(lambda: distributed.Event("go").wait())
        watch(SimpleNamespace(client=client, futures=[done, waiting]), say, interval=0.01)
        assert f"1 of 2 tasks done, {WORKERS} workers" in lines


@pytest.mark.parametrize("given", [["--runner", "DaskRunner"], ["--runner=DaskRunner"]])
def test_options_of_the_runner(given):
    options, on_dask = dask_options(given)
    assert on_dask and options[-1] == "--dask_partition_size=16"
    assert " ".join(options[:-1]).endswith("apache_beam.runners.dask.dask_runner.DaskRunner")
    assert dask_options([*given, "--dask_npartitions", "4"])[0][-2:] == ["--dask_npartitions", "4"]
    assert dask_options(["--runner", "FlinkRunner"]) == (["--runner", "FlinkRunner"], False)


def test_a_cluster_that_is_not_there(photos, model, tmp_path):
    process = run(
        photos, model, tmp_path / "out", "--dask_client_address", "tcp://127.0.0.1:9",
        "--dask_connection_timeout", 2,
    )  # fmt: skip
    errors = process.communicate()[1]
    assert process.returncode == 2
    assert "No Dask scheduler answers" in errors and "tcp://127.0.0.1:9 after" in errors
    assert "Traceback" not in errors
