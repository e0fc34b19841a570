"""export/android.py: its Kotlin against real files, and compiled where there is a compiler."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from export.android import fill, main

ROOT = Path(__file__).resolve().parents[2]
STUBS = Path(__file__).with_name("android")
KOTLIN = Path("app/src/main/kotlin/hinet/restore")
ABOUT = {
    "task": "denoise & more",
    "image": {"range": [0, 1]},
    "tiling": {"tile": [64, 64], "overlap": 32},
}


def constants(project):
    text = (project / KOTLIN / "ModelFile.kt").read_text()
    return dict(re.findall(r'const val (\w+) = "?([^"\n]+)"?', text))


def test_the_project_fits_its_files(tmp_path):
    project = tmp_path / "app"
    arguments = ["--model", "denoise_0.125x", "--size", "64x64", "--out", str(project)]
    assert main(arguments) == 0
    known = constants(project)
    assets = project / "app/src/main/assets"
    assert {file.name for file in assets.iterdir()} == {known["GPU_FILE"], known["CPU_FILE"]}
    for file in (known["GPU_FILE"], known["CPU_FILE"]):
        interpreter = Interpreter(str(assets / file))
        ((signature, tensors),) = interpreter.get_signature_list().items()
        assert signature == known["SIGNATURE"]
        assert tensors["inputs"] == [known["INPUT"]] and tensors["outputs"] == [known["OUTPUT"]]
        runner = interpreter.get_signature_runner(signature)
        for detail in (*runner.get_input_details().values(), *runner.get_output_details().values()):
            side, channels = int(known["TILE"]), int(known["CHANNELS"])
            assert list(detail["shape"]) == [1, side, side, channels]
            assert detail["dtype"] == np.float32
    assert (known["OVERLAP"], known["WHITE"]) == ("21", "1f")
    strings = ElementTree.parse(project / "app/src/main/res/values/strings.xml")
    assert strings.find("string[@name='app_name']").text == "HINet denoise"
    assert main(arguments) == 2


def test_both_artefacts_of_one_version():
    gradle = (ROOT / "export/android/app/build.gradle.kts").read_text()
    versions = dict(re.findall(r'"com\.google\.ai\.edge\.litert:([\w-]+):([\d.]+)"', gradle))
    assert set(versions) == {"litert", "litert-gpu"} and len(set(versions.values())) == 1


def test_every_text_of_the_code_is_in_the_resources():
    code = (ROOT / "export/android" / KOTLIN / "MainActivity.kt").read_text()
    strings = (ROOT / "export/android/app/src/main/res/values/strings.xml").read_text()
    for name in re.findall(r"R\.string\.(\w+)", code):
        assert f'<string name="{name}">' in strings
    ElementTree.parse(ROOT / "export/android/app/src/main/AndroidManifest.xml")


def test_the_kotlin_compiles_and_its_tiles_give_the_picture_back(tmp_path):
    compiler = shutil.which("kotlinc")
    if not compiler:
        pytest.skip("no Kotlin compiler: apt-get install kotlin")
    project = tmp_path / "app"
    shutil.copytree(ROOT / "export/android", project)
    fill(project, {"float16": "a.tflite", "int8_dynamic": "b.tflite"}, ABOUT)
    assert (
        ">HINet denoise &amp; more<"
        in (project / "app/src/main/res/values/strings.xml").read_text()
    )
    stubs = []
    for part in (STUBS / "android.kt").read_text().split("// package ")[1:]:
        stubs.append(tmp_path / f"stub{len(stubs)}.kt")
        stubs[-1].write_text("package " + part)
    sources = [*(project / KOTLIN).iterdir(), STUBS / "litert.kt", STUBS / "main.kt", *stubs]
    jar = tmp_path / "app.jar"
    build = subprocess.run(
        [compiler, *sources, "-include-runtime", "-d", jar], capture_output=True, text=True
    )
    assert build.returncode == 0, build.stderr
    run = subprocess.run(["java", "-cp", jar, "MainKt"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    # Three rows of five: tiles of 64 share a third of their side.
    assert run.stdout.splitlines()[-1] == "150 x 203: 15 tiles"
    assert "tile of b.tflite by restore_64x64" in run.stdout


@pytest.mark.parametrize(
    "arguments, message",
    [(["--size", "64x128"], "must be square"), (["--size", "big"], "expected HxW")],
)
def test_wrong_usage(tmp_path, capsys, arguments, message):
    try:
        code = main(["--out", str(tmp_path / "app"), *arguments])
    except SystemExit as error:
        code = error.code
    assert code == 2 and message in capsys.readouterr().err
    assert not (tmp_path / "app").exists()
