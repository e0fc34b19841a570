"""docs/android.md against a real exported file and the mirror and blending rules it states."""

import re
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

import hinet_tf
from hinet_tf.deploy.tflite.metadata import read_metadata

GUIDE = (Path(__file__).parents[2] / "docs" / "android.md").read_text(encoding="utf-8")
KOTLIN = re.search(r"```kotlin\nimport(.*?)```", GUIDE, re.DOTALL)[1]


def _constant(name):
    value = re.search(rf"const val {name} = (.+)", KOTLIN)[1]
    return int(value)


@pytest.fixture(scope="module")
def exported(denoiser, tmp_path_factory):
    path = tmp_path_factory.mktemp("android") / "denoise.tflite"
    hinet_tf.export_tflite(denoiser, path, quantization="float16")
    return path


def test_names_and_shapes(exported):
    interpreter = Interpreter(str(exported))
    ((signature, tensors),) = interpreter.get_signature_list().items()
    runner = interpreter.get_signature_runner(signature)
    (image,) = runner.get_input_details().values()
    (restored,) = runner.get_output_details().values()
    assert f"| signature | `{signature}` |" in GUIDE
    for role, name, detail in (
        ("input", tensors["inputs"][0], image),
        ("output", tensors["outputs"][0], restored),
    ):
        shape = " x ".join(map(str, detail["shape"]))
        assert f"| {role} | `{name}`, {np.dtype(detail['dtype'])}, `{shape}`" in GUIDE
    assert f'SIGNATURE = "{signature}"' in KOTLIN
    assert set(re.findall(r'putBuffer\("(\w+)", SIGNATURE\)', KOTLIN)) == {
        *tensors["inputs"],
        *tensors["outputs"],
    }
    tile, channels = _constant("TILE"), _constant("CHANNELS")
    assert list(image["shape"]) == [1, tile, tile, channels]


def test_tiling_is_what_the_file_advises(exported):
    about = read_metadata(exported)["tiling"]
    assert about["tile"] == [_constant("TILE")] * 2 and about["overlap"] == _constant("OVERLAP")


def test_both_artefacts_of_one_version():
    versions = dict(re.findall(r'"com\.google\.ai\.edge\.litert:([\w-]+):([\d.]+)"', GUIDE))
    assert set(versions) == {"litert", "litert-gpu"} and len(set(versions.values())) == 1


def test_the_commands_of_the_guide_are_understood():
    from export.tflite import parse_args

    block = re.search(r"```bash\n(.*?)```", GUIDE, re.DOTALL)[1].replace("\\\n", "")
    commands = [line.split("#")[0].split()[2:] for line in block.splitlines()]
    files = [parse_args(command).out.name for command in commands]
    assert len(files) == 2 and all(f'"{file}"' in KOTLIN for file in files)
