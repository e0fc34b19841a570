"""Every command and every line of Python in the README runs, the long ones shortened."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from skimage import data

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
BIN = Path(sys.executable).parent

# What makes a long command short, by the start of the command. Everything else runs as written.
SHORTENED = {
    # It is installed; tests/test_wheel.py installs the wheel into an environment of its own.
    "pip install .": f"{BIN}/pip install --quiet --dry-run --no-deps {ROOT}",
    "hinet restore": f"{BIN}/{{}}",
    "make demo": f"make demo BIN={BIN} INSTALLED= STEPS=60",
    # The suite that runs this test is `make test`; running it here would never end.
    "make test": f"make --dry-run test BIN={BIN}",
    ".venv/bin/python training/train.py --task denoise": "{} --steps 3 --batch 2 --patch 32",
    ".venv/bin/python training/train.py --task deblur --recipe gopro": "{} --data builtin",
}


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


COMMANDS = [line for block in blocks("bash") for line in block.strip().splitlines()]


def shortened(command):
    short = command.replace(".venv/bin", str(BIN))
    for start, replacement in SHORTENED.items():
        if command.startswith(start):
            return replacement.format(short)
    return short


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, request):
    """A folder as a reader has it: the clone, some photos, a checkpoint, a trained model."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("Makefile", "pyproject.toml", "training", "export"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "photos").mkdir()
    for name in ("astronaut", "coffee"):
        shutil.copy(Path(data.__file__).parent / f"{name}.png", folder / "photos")
    shutil.copy(ROOT / "tests/golden/official_hinet_wf2_hin3-4.pth", folder / "HINet-GoPro.pth")
    from PIL import Image

    Image.fromarray(data.chelsea()).save(folder / "photo.jpg")
    return folder


def run(command, folder):
    return subprocess.run(
        shlex.split(command),
        cwd=folder,
        env={name: text for name, text in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def denoiser(workspace):
    """Runs the Python of the README, the first block with fewer steps, and keeps its model."""
    training, restoring = blocks("python")
    training = training.replace("steps_per_epoch=100, epochs=5", "steps_per_epoch=2, epochs=1")
    script = f"{training}\nfrom skimage import data\nimage = data.chelsea()\n{restoring}"
    script += (
        "\nif restored.shape != image.shape or restored.dtype != image.dtype: raise SystemExit(3)"
    )
    (workspace / "readme.py").write_text(script)
    result = run(f"{sys.executable} readme.py", workspace)
    assert result.returncode == 0, result.stderr
    # Keras warns that a data set is not shuffled again; the native libraries have nothing to say.
    keras_warning = "will be ignored since the data `x` was provided as a tf.data.Dataset"
    said = result.stderr.splitlines()
    said = said[2:] if said and keras_warning in said[0] else said
    assert not said, result.stderr
    assert (workspace / "restored.jpg").exists()
    return workspace / "denoiser.keras"


def test_the_python_of_the_readme_trains_saves_and_restores(denoiser):
    assert denoiser.stat().st_size > 1_000_000


@pytest.mark.slow
def test_make_demo_gains_four_decibels_and_leaves_the_files(workspace):
    result = run(shortened("make demo"), workspace)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    assert result.stderr == "", "a line of TensorFlow or of another library"
    psnr = {
        label.strip(): float(value)
        for label, value in re.findall(r"^  ([a-z .]+?)\s+([\d.]+) dB", result.stdout, re.MULTILINE)
    }
    assert psnr["restored"] >= psnr["noisy"] + 4
    assert psnr["restored by .tflite"] == pytest.approx(psnr["restored"], abs=0.5)
    for name in ("demo.png", "denoise.tflite", "chelsea-noisy.png", "chelsea-restored.png"):
        assert (workspace / "demo" / name).stat().st_size > 10_000


# `make demo` and `export/tflite.py` have tests of their own; the programs of these have many.
LONG = ("training/train.py --task denoise", "export/saved_model.py", "training/evaluate.py")
OTHERS = [
    pytest.param(command, marks=[pytest.mark.slow] * any(part in command for part in LONG))
    for command in COMMANDS
    if not command.startswith("make demo") and "export/tflite.py" not in command
]


@pytest.mark.parametrize("command", OTHERS)
def test_command_of_the_readme_runs(workspace, denoiser, command):
    result = run(shortened(command), workspace)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]


def test_exporting_as_the_readme_says(workspace):
    # With a preset: an export refuses a model that has not learned to restore.
    command = next(c for c in COMMANDS if "export/tflite.py" in c)
    result = run(shortened(command).replace("denoiser.keras", "denoise_0.25x"), workspace)
    assert result.returncode == 0, result.stderr
    assert (workspace / "denoiser.tflite").stat().st_size > 5_000_000


def test_commands_were_found_and_linked_files_exist():
    assert len(COMMANDS) >= 8
    for target in re.findall(r"\]\(((?!https?:)[^)#]+)\)", README):
        assert (ROOT / target).exists(), f"README.md links {target}, which does not exist"
