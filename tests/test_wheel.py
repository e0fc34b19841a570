"""The wheel works outside the checkout, in a fresh virtual environment."""

import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = {".py", ".html", ".js", ".css", ".kt", ".kts", ".xml", ".md", ".json", ".npz"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    # A copy of what git would ship: a build must not leave folders in the checkout.
    source = folder / "source"
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    for name in filter(None, names):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "docs/")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    fetched = ROOT / "export" / "web" / "litert"
    if fetched.exists():
        shutil.copytree(fetched, source / "export" / "web" / "litert")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source],
        check=True, capture_output=True,
    )  # fmt: skip
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """A fresh environment with the wheel; its dependencies come from the one that runs this."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", wheel], check=True)
    packages = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    (Path(packages) / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder


def run(environment, *command, cwd):
    return subprocess.run(
        [environment / "bin" / command[0], *command[1:]], cwd=cwd, capture_output=True, text=True
    )


def test_every_module_and_template_is_in_the_wheel(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, package in (
        ("hinet_tf", "hinet_tf"),
        ("training", "hinet_tf/training"),
        ("export", "hinet_tf/export"),
    ):
        for path in (ROOT / folder).rglob("*"):
            apart = (ROOT / "training" / "presets", ROOT / "export" / "web" / "litert")
            if any(path.is_relative_to(folder) for folder in apart):
                continue
            if path.suffix in SHIPPED:
                assert f"{package}/{path.relative_to(ROOT / folder)}" in names
    outside = ("training/", "export/", "tests/", "hinet_tf/training/presets/")
    assert not any(name.startswith(outside) for name in names)


def test_the_wheel_carries_litert_js(wheel):
    """Fetched while it was built, by checksum; built without a network it says what it lacks."""
    with zipfile.ZipFile(wheel) as file:
        names = {name for name in file.namelist() if "/web/litert/" in name}
        if not names:
            pytest.skip("the wheel was built without a network")
        folder = "hinet_tf/export/web/litert/"
        assert {f"{folder}{name}" for name in ("core.js", "wasm-utils.js", "NOTICE")} < names
        assert sum(name.endswith(".wasm") for name in names) == 2
        assert b"END OF TERMS AND CONDITIONS" in file.read(folder + "LICENSE")


@pytest.mark.slow
def test_the_page_of_a_wheel_needs_neither_node_nor_a_network(environment, tmp_path, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("PATH", str(environment / "bin"))
    made = run(environment, "hinet-web", "--model", "denoise_0.125x", "--out", "page", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "page" / "litert" / "core.js").is_file()


def test_the_wheel_is_small_enough_to_fetch_over_a_phone(wheel):
    assert wheel.stat().st_size < 60e6


def test_the_network_restores_from_the_installed_wheel(environment, tmp_path):
    script = (
        "import hinet_tf, numpy as np, pathlib;"
        "y = hinet_tf.HINet(width=4)(np.zeros((1, 16, 16, 3), 'float32'))['restored'];"
        "print(pathlib.Path(hinet_tf.__file__).parent, tuple(y.shape))"
    )
    result = run(environment, "python", "-c", script, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert str(environment) in result.stdout
    assert "(1, 16, 16, 3)" in result.stdout


@pytest.mark.parametrize(
    "command", ["hinet", "hinet-train", "hinet-data", "hinet-restore", "hinet-web", "hinet-app"]
)
def test_console_scripts_answer(environment, tmp_path, command):
    result = run(environment, command, "--help", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"usage: {command}")
    wrong = run(environment, command, "--nonsense", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr
