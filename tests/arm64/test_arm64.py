"""`.tflite` files on emulated ARM64 processors: the results that phones get, not their times."""

import os
import time

import numpy as np
import pytest

from hinet_tf import HINet, export_tflite
from hinet_tf.deploy.tflite.agreement import compare
from hinet_tf.deploy.tflite.arm64 import PROCESSORS, ARM64Emulator, arm64_emulator
from hinet_tf.deploy.tflite.recipes import QUANTIZATION_RECIPES
from hinet_tf.deploy.tflite.verification_photos import crops, verification_pairs
from hinet_tf.inference.engines.litert import TFLiteModel


@pytest.fixture(scope="module")
def emulator():
    return arm64_emulator() or pytest.skip("no emulated ARM64 processor: run `make test-arm`")


@pytest.fixture(scope="module")
def model():
    return HINet.from_preset("denoise_0.125x")


@pytest.fixture(scope="module")
def photo():
    return next(iter(crops(verification_pairs("builtin"), (64, 64), per_photo=1)))


@pytest.fixture(scope="module")
def table():
    rows = []
    yield rows
    print("\n| recipe | processor | PSNR restored | here | distance to here | seconds, emulated |")
    print("|---|---|---:|---:|---:|---:|")
    print("\n".join(rows))


def _export(model, path, recipe, sizes):
    emulated = os.environ.pop("HINET_ARM64")
    try:
        # Quality is not the question; a search for a better recipe takes minutes.
        export_tflite(model, path, sizes, recipe, max_drop=10.0, force=True)
    finally:
        os.environ["HINET_ARM64"] = emulated
    return path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("recipe", QUANTIZATION_RECIPES)
def test_every_recipe_restores_as_here(emulator, model, photo, table, tmp_path, recipe):
    content = _export(model, tmp_path / "model.tflite", recipe, [(64, 64)])
    here = TFLiteModel(content).restore(photo.degraded)
    for processor in PROCESSORS:
        begin = time.perf_counter()
        [there] = emulator.restore(content, [photo.degraded], processor)
        seconds = time.perf_counter() - begin
        [found] = compare([here], lambda image, there=there: there, [photo])
        table.append(
            f"| `{recipe}` | {processor} | {found.file_psnr:.3f} dB | {found.model_psnr:.3f} dB | "
            f"{min(found.between, 200):.0f} dB | {seconds:.0f} |"
        )
        assert abs(found.drop) <= 0.02, table[-1]
        assert found.between >= (QUANTIZATION_RECIPES[recipe].agreement or 45), table[-1]


@pytest.mark.slow
def test_a_file_of_several_signatures(emulator, model, photo, tmp_path):
    sizes = [(64, 64), (32, 48)]
    content = _export(model, tmp_path / "model.tflite", "float16", sizes)
    for height, width in sizes:
        image = np.ascontiguousarray(photo.degraded[:height, :width])
        [there] = emulator.restore(content, [image], "cortex-a76")
        np.testing.assert_allclose(there, TFLiteModel(content).restore(image), atol=1e-4)


@pytest.mark.slow
def test_the_report_says_so(emulator, tmp_path):
    report = export_tflite(HINet(width=4), tmp_path / "a.tflite", [(64, 64)], "float32")
    [check] = [check for check in report.checks if check.name == "ARM64 kernels"]
    assert check.passed and "cortex-a53 and cortex-a76, emulated" in check.measured


def _qemu(folder, version):
    (folder / "sysroot").mkdir()
    program = folder / "qemu-aarch64"
    program.write_text(f'#!/bin/sh\necho "qemu-aarch64 version {version} (Debian)"\n')
    program.chmod(0o755)
    return folder


def test_an_emulator_too_old_is_refused_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.setenv("HINET_ARM64", str(_qemu(tmp_path, "7.2.22")))
    with pytest.raises(ValueError, match=r"version 7\.2\.22, and QEMU before 10 computes integer"):
        arm64_emulator()
    with pytest.raises(ValueError, match="too old"):
        export_tflite(HINet(width=4), tmp_path / "a.tflite")


def test_another_folder_is_refused_and_no_folder_is_no_emulator(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="make test-arm"):
        ARM64Emulator(tmp_path)
    monkeypatch.delenv("HINET_ARM64", raising=False)
    assert arm64_emulator() is None


def test_a_process_that_fails_is_named(tmp_path):
    program = _qemu(tmp_path, "10.0.13") / "qemu-aarch64"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "version 10.0.13" && exit 0\n'
        "echo no such CPU >&2\nexit 1\n"
    )
    with pytest.raises(ValueError, match="does not run on an emulated abacus: no such CPU"):
        ARM64Emulator(tmp_path).restore(b"", [np.zeros((16, 16, 3), np.float32)], "abacus")
