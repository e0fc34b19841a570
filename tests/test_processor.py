"""Which processors compute in bfloat16 by themselves."""

import pytest

from hinet_tf import processor

# The function itself, bound before the suite puts another in its place (conftest.py).
from hinet_tf.processor import has_fast_bfloat16


@pytest.mark.parametrize(
    ("vendor", "family", "features", "fast"),
    [
        ("GenuineIntel", 6, "avx2 avx512f avx512_bf16 amx_bf16 amx_tile", True),
        ("AuthenticAMD", 25, "avx2 avx512f avx512_bf16", True),
        ("AuthenticAMD", 26, "avx2 avx512f avx512_bf16", True),
        # Measured slower, or not measured: benchmarks/training.md.
        ("GenuineIntel", 6, "avx2 avx512f avx512_bf16", False),
        ("AuthenticAMD", 27, "avx2 avx512f avx512_bf16", False),
        ("AuthenticAMD", 25, "avx2", False),
    ],
)
def test_bfloat16_where_it_was_measured_to_be_faster(
    tmp_path, monkeypatch, vendor, family, features, fast
):
    core = f"vendor_id\t: {vendor}\ncpu family\t: {family}\nflags\t\t: fpu {features} sse\n\n"
    monkeypatch.setattr(processor, "_CORES", tmp_path / "cpuinfo")
    assert not has_fast_bfloat16()
    (tmp_path / "cpuinfo").write_text("processor\t: 0\n" + core + "processor\t: 1\n" + core)
    assert processor.processor_facts()["vendor_id"] == vendor
    assert has_fast_bfloat16() is fast
