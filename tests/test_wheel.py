"""The wheel works outside the checkout, in a fresh virtual environment."""

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from hinet_tf.commands.hinet import COMMANDS
from hinet_tf.deploy.tflite.metadata import read_metadata

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
    folders = [path for path in sys.path if path.endswith("site-packages")]
    (Path(packages) / "dependencies.pth").write_text("\n".join(folders))
    return folder


def run(environment, *command, cwd):
    # As a shell has it, not as the tests set it.
    loud = {name: text for name, text in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [environment / "bin" / command[0], *command[1:]],
        cwd=cwd, capture_output=True, text=True, env=loud,
    )  # fmt: skip


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
    assert result.returncode == 0 and result.stderr == "", "TensorFlow's lines are held back"
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


# What `hinet --help` names, in an order in which each finds what it needs, and what it leaves.
JOURNEY = {
    "presets --json presets.json": "presets.json",
    "data check photos": "",
    "restore photo.png --out restored.jpg --model denoise_0.125x --quiet": "restored.jpg",
    "train --task denoise --data photos --steps 20 --batch 2 --patch 32 --scale 0.03125 "
    "--run mine --set validation_images=1 --quiet": "mine/report.html",
    "train-on-device --task denoise --data photos --steps 2 --batch 2 --patch 32 "
    "--scale 0.03125 --run device --set validation_images=1 --quiet": "device/best.keras",
    "evaluate --task denoise --model mine --data photos --json scores.json --gallery gallery "
    "--quiet": "gallery/index.html",
    "convert --torch official.pth --out official.keras --quiet": "official.keras",
    "export tflite --model mine --out mine.tflite --size 32x32 --force --quiet": "mine.tflite",
    "export tflite --model mine --out int8.tflite --quantization int8 --size 32x32 --force "
    "--quiet": "int8.tflite",
    "export saved-model --model mine --out served --quiet": "served/1/saved_model.pb",
    "export web --model denoise_0.125x --out page --size 32x32 --quiet": "page/index.html",
    "export android --model denoise_0.125x --out project --size 32x32 --quiet": (
        "project/settings.gradle.kts"
    ),
    "benchmark --model mine --out times --size 32x32 --runs 1 --quantization float16 --quiet": (
        "times/benchmark.md"
    ),
    "restore photos --model mine.tflite --out by_tflite --quiet": "by_tflite/a.png",
    "restore photos --model served/1 --out by_served --quiet": "by_served/b.png",
    "restore photos --model mine --engine openvino --out by_openvino --quiet": "by_openvino/a.png",
    "evaluate --task denoise --model int8.tflite --data photos --csv scores.csv --quiet": (
        "scores.csv"
    ),
    "completion bash": "",
}
# They need packages that do not install beside the others, and have tests of their own.
APART = {"app", "bulk"}


@pytest.mark.slow
def test_every_command_does_its_work_from_the_wheel_and_says_nothing_else(environment, tmp_path):
    from skimage import data

    (tmp_path / "photos").mkdir()
    for name, photo in (("a", data.coffee()), ("b", data.chelsea())):
        Image.fromarray(photo[:96, :112]).save(tmp_path / "photos" / f"{name}.png")
    shutil.copy(tmp_path / "photos" / "a.png", tmp_path / "photo.png")
    shutil.copy(ROOT / "tests/golden/official_hinet_wf2_hin3-4.pth", tmp_path / "official.pth")
    for command, left in JOURNEY.items():
        result = run(environment, "hinet", *command.split(), cwd=tmp_path)
        assert result.returncode == 0, f"{command}: {result.stderr[-2000:]}"
        assert result.stderr == "", command
        assert (tmp_path / left).exists(), command
        if "--quiet" in command:
            assert result.stdout == "", command
    tried = {name for name in COMMANDS if any(c.startswith(f"{name} ") for c in JOURNEY)}
    assert tried == set(COMMANDS) - APART

    about = read_metadata(tmp_path / "mine.tflite")
    manifest = json.loads(next(tmp_path.glob("served/1/**/hinet*.json")).read_text())
    for facts in (about, manifest["about"]):
        assert (facts["task"], facts["training_data"]) == ("denoise", "photos")
        assert facts["scores"]["step"] == 20 and facts["scores"]["validation_psnr"] > 0
