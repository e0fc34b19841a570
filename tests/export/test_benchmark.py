"""export/benchmark.py on a tiny network."""

import json

import pytest
from PIL import Image

from hinet_tf import HINet
from hinet_tf.commands.benchmark import main


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    HINet(width=8, depth=2).save(path)
    return str(path)


def test_times_every_recipe_side_by_side(keras_file, tmp_path, capsys):
    recipes = ["--quantization", "float32", "--quantization", "int8_dynamic"]
    arguments = ["--model", keras_file, "--out", str(tmp_path), "--size", "32x32", *recipes]
    assert main([*arguments, "--runs", "3", "--threads", "1"]) == 0
    result = json.loads((tmp_path / "benchmark.json").read_text())
    rows = {row["name"]: row for row in result["rows"]}
    assert {"plain conversion", "float32", "int8_dynamic"} <= set(rows)
    for name in ("float32", "int8_dynamic"):
        row = rows[name]
        assert 0 < row["median_ms"] <= row["p95_ms"]
        assert row["file_mb"] == (tmp_path / f"{name}.tflite").stat().st_size / 1e6
        assert row["memory_mb"] is None or 0 < row["memory_mb"] < 500
        times = list(row["operators_ms"].values())
        assert row["operators_ms"]["CONV_2D"] > 0 and times == sorted(times, reverse=True)
    assert rows["plain conversion"]["faster_than_plain"] == 1
    # All run the same weights: what is timed beside the files restores what they restore.
    for name in ("plain conversion", "float32", "PyTorch", "OpenVINO"):
        assert rows[name]["agreement_db"] > 80, name
    assert 20 < rows["int8_dynamic"]["agreement_db"] < rows["float32"]["agreement_db"] - 20
    assert "int8_dynamic" in (tmp_path / "benchmark.md").read_text()
    assert Image.open(tmp_path / "benchmark.png").width > 400
    assert "plain conversion" in capsys.readouterr().out


def test_mistakes_are_one_line(keras_file, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--model", keras_file, "--out", str(tmp_path), "--size", "32"])
    assert stop.value.code == 2
    assert "'32' is no size" in capsys.readouterr().err
    assert main(["--model", "gone.keras", "--out", str(tmp_path)]) == 2
    assert "gone.keras" in capsys.readouterr().err
