"""With the required dependencies alone, each optional part says in one line what to install."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from tests.without_extras import closure, hidden_modules, modules_by_distribution

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


class Row(NamedTuple):
    """What is run without an extra, in a folder with photo.png, photos/ and official.pth."""

    extra: str
    words: str
    code: int = 2


ROWS = [
    Row("torch", "hinet convert --torch official.pth --out new.keras"),
    Row("torch", "hinet restore photo.png --out new --model official.pth"),
    Row("torch", "hinet export tflite --model official.pth --out new.tflite"),
    Row("torch", "-c import hinet_tf; hinet_tf.load_torch_checkpoint('official.pth')", 1),
    *(
        Row("tflite", f"hinet export tflite --model m --out new.tflite --quantization {recipe}")
        for recipe in ("int8_weights", "int8", "int16x8")
    ),
    Row("tflite", "hinet benchmark --model m --out new"),
    Row("openvino", "hinet restore photo.png --out new --engine openvino"),
    Row("openvino", "-c import hinet_tf; hinet_tf.Restorer('m', engine='openvino')", 1),
    Row("serving", "CLIENT photo.png --url grpc://localhost:1 --out new"),
    # Warm-up requests alone are left out.
    Row("serving", "hinet export saved-model --model m --out new", 0),
    Row("bulk", "hinet bulk --model m --input photos/*.png --output new"),
    Row("data", "hinet train --task deblur --data tfds:gopro --run new"),
    Row("data", "hinet evaluate --task deblur --model m --data tfds:gopro"),
    Row("data", "-c import hinet_tf; hinet_tf.data.open_sources('tfds:gopro', 'train')", 1),
    Row("hub", "hinet restore photo.png --out new --model hf://somebody/hinet"),
    Row("hub", "hinet restore photo.png --out new --model kaggle://somebody/hinet/keras/x"),
    Row("hub", "hinet train --task denoise --data photos --run new --init hf://somebody/hinet"),
    Row("wandb", "hinet train --task denoise --data photos --run new --wandb project"),
    Row("app", "hinet app"),
    Row("legacy", "-c import hinet_tf; hinet_tf.legacy.to_tf_keras", 1),
    Row("completion", "hinet completion bash"),
]
# Of no use to who runs the library: linting, the tests, and collections of the others.
FOR_DEVELOPERS = {"all", "browser", "dev", "test"}
# JAX is no extra, because which of its builds is wanted depends on the machine.
NO_EXTRA = {"jax": "hinet train-on-device --task denoise --data photos --run new"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from hinet_tf import HINet

    folder = tmp_path_factory.mktemp("plain")
    (folder / "photos").mkdir()
    for name in ("photo.png", "photos/a.png", "photos/b.png"):
        Image.new("RGB", (96, 96), (9, 99, 199)).save(folder / name)
    official = ROOT / "tests" / "golden" / "official_hinet_wf2_hin3-4.pth"
    (folder / "official.pth").write_bytes(official.read_bytes())
    HINet(width=2, depth=2).save_to_preset(folder / "m")
    return folder


def run(words, folder):
    program, _, code = words.partition(" ")
    arguments = [code] if program == "-c" else code.split()
    program = program.replace("CLIENT", str(ROOT / "export" / "serving" / "client.py"))
    helper = ROOT / "tests" / "without_extras.py"
    return subprocess.run(
        [sys.executable, helper, program, *arguments], cwd=folder, capture_output=True, text=True
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.extra}: {row.words}"[:60])
def test_it_names_the_extra_in_one_line(row, folder):
    done = run(row.words, folder)
    assert done.returncode == row.code, done.stderr
    lines = done.stderr.splitlines()
    # In Python the error's own line is the last.
    named = lines[-1:] if row.words.startswith("-c") else lines
    named = [line for line in named if f"pip install 'hinet-tf[{row.extra}]'" in line]
    assert len(named) == 1, done.stderr
    if row.code == 2:
        assert lines == named and not done.stdout


def test_jax_is_named_by_itself(folder):
    done = run(NO_EXTRA["jax"], folder)
    assert done.returncode == 2 and "pip install jax" in done.stderr
    assert done.stderr.count("\n") == 1


def test_every_extra_has_a_row():
    assert {row.extra for row in ROWS} | FOR_DEVELOPERS == set(EXTRAS)


def test_nothing_is_imported_that_neither_is_required_nor_has_a_row():
    """Whoever imports another package gives it an extra, and the extra a row."""
    with_extras = set(NO_EXTRA)
    for extra in {row.extra for row in ROWS}:
        names = closure("hinet-tf", extra)
        with_extras |= {m for name in names for m in modules_by_distribution().get(name, ())}
    hidden = hidden_modules()
    for folder in ("hinet_tf", "training", "export"):
        for path in (ROOT / folder).rglob("*.py"):
            if path.is_relative_to(ROOT / "training" / "presets"):
                continue
            imported = set()
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    imported.add(node.module.partition(".")[0])
            assert not imported & hidden - with_extras, path


def test_no_text_names_an_extra_that_is_not_there():
    for folder in ("hinet_tf", "training", "export", "docs", "benchmarks", "README.md"):
        path = ROOT / folder
        for file in [path] if path.is_file() else [*path.rglob("*.py"), *path.rglob("*.md")]:
            for names in re.findall(r"hinet-tf\[([\w,]+)\]", file.read_text(encoding="utf-8")):
                assert set(names.split(",")) <= set(EXTRAS), file


def test_the_library_works_without_any(folder):
    done = run("hinet restore photo.png --out restored --model m", folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "restored" / "photo.png").is_file()
