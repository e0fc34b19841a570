"""Slopes and points of the growth curves."""

import json

import pytest


def test_slope_is_the_exponent():
    import growth

    points = [{"size": size, "seconds": 3 * size**1.5} for size in (1, 2, 10)]
    assert growth.slope(points, "seconds") == pytest.approx(1.5)


def test_table_gives_slopes_between_neighbours_and_cost_per_unit():
    import growth

    points = [
        {"size": 10, "seconds": 1.0, "peak_mb": 200, "growth_mb": 100},
        {"size": 20, "seconds": 4.0, "peak_mb": 300, "growth_mb": 200},
    ]
    lines = growth.table("train", points).splitlines()
    assert lines[-2] == "| 20 | 4 | 0.01 | 2.00 | 300 | 200 | 1.00 |"
    assert lines[-1] == "| all | | | 2.00 | | | 1.00 |"


@pytest.mark.slow
def test_memory_of_a_point_is_its_own(benchmark, tmp_path):
    picture, out = tmp_path / "growth.webp", tmp_path / "growth.json"
    benchmark(
        "growth.py",
        *("--pixels", 0.1, 0.4, "--widths", 8, "--engine", "openvino"),
        *("--out", out, "--picture", picture),
    )
    curves = json.loads(out.read_text())
    small, large = curves["whole"]
    # Hundreds of bytes a pixel: were the marks shared, both would be the same.
    assert 2 < large["growth_mb"] / small["growth_mb"] < 6
    assert len(curves["train"]) == 1
    assert picture.read_bytes()[8:12] == b"WEBP"
