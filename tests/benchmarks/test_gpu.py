"""The speed table, with sizes that a CPU does in no time."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def rows(*arguments):
    import gpu

    return gpu.rows(gpu.parse_args(["--device", "cuda", *arguments]))


def test_a_gpu_gets_every_row_that_the_page_promises():
    found = rows()
    assert len(found) == len(set(found)) == 8 * (5 * 2 + 3) + 2 * 5 * 2
    restored = {(w.size, w.batch, w.precision) for _, w in found if w.kind == "restore"}
    assert restored == {
        (size, batch, precision)
        for size in ("256x256", "1280x720")
        for batch in (1, 8)
        for precision in ("float32", "bfloat16")
    }
    assert {(w.size, w.batch) for _, w in found if w.kind == "train"} == {("256x256", 16)}


def test_what_needs_a_compiler_comes_last_and_the_smallest_images_first():
    found = rows()
    compiled = [side == "PyTorch, compiled" for side, _ in found]
    assert compiled == sorted(compiled)
    first = found[0][1]
    assert (first.size, first.batch, first.precision) == ("256x256", 1, "float32")


def test_times_as_fast_stand_beside_the_paper_s():
    import gpu

    common = {"kind": "restore", "size": "8x8", "batch": 1, "precision": "float32"}
    figures = {"images": 1.0, "megabytes": 1.0}
    results = [
        {"side": "PyTorch", "network": "hinet", "scale": 1.0, "seconds": 2.0, **common, **figures},
        {"side": "PyTorch", "network": "denoise", "scale": 1.0, "seconds": 5, **common, **figures},
        {"side": "PyTorch", "network": "deblur", "scale": 1.0, "error": "out of memory", **common},
    ]
    lines = gpu.table(results, "cuda").splitlines()
    assert lines[-3].startswith("| HINet 1x | PyTorch | 2 |")
    assert lines[-3].endswith("| denoise 2.50 (2.9) |")
    assert lines[-1] == "| MPRNet deblur | PyTorch | out of memory |  |  |  |"


def test_no_time_left_is_said_of_every_row(benchmark):
    tiny = ["--scales", 0.0625, "--sizes", "32x32", "--batches", 1, "--train", "none"]
    done = benchmark("gpu.py", "--device", "cpu", "--budget", 0, *tiny, "--mprnets")
    for precision in ("float32", "bfloat16"):
        assert f"restore 1 of 32x32, {precision}: left out: no time left." in done.stdout
    assert "0 of 10 rows measured." in done.stdout


@pytest.mark.slow
def test_every_side_runs_on_a_cpu_without_tensorflow(benchmark, tmp_path):
    # A package of that name that cannot be imported, as where there is none.
    (tmp_path / "tensorflow.py").write_text("raise ImportError('no TensorFlow here')\n")
    out = tmp_path / "gpu.json"
    benchmark(
        "gpu.py",
        *("--device", "cpu", "--scales", 0.0625, "--sizes", "64x64", "--batches", 1),
        *("--train", "32x32/2", "--mprnets", "derain", "--precisions", "float32"),
        *("--budget", 3600, "--limit", 1800, "--out", out),
        PYTHONPATH=f"{tmp_path}:{ROOT}",
    )
    results = json.loads(out.read_text())
    assert len(results) == 11
    assert [result for result in results if "error" in result] == []
    for result in results:
        assert result["images"] == pytest.approx(result["batch"] / result["seconds"])
        assert result["megabytes"] > 50
