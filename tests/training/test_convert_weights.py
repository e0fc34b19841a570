"""The command that brings official weights in."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import torch

from hinet_tf.commands.convert import main


def test_converted_model_gives_the_official_outputs(tmp_path, golden, golden_path, capsys):
    out = tmp_path / "converted.keras"
    source = golden_path("official_hinet_wf2_hin3-4.pth")
    command = ["--torch", str(source), "--out", str(out)]
    out.write_bytes(b"mine")
    assert main(command) == 2 and out.read_bytes() == b"mine"
    assert (
        "converted.keras exists; choose another name or pass --overwrite" in capsys.readouterr().err
    )
    assert main([*command, "--overwrite"]) == 0
    reference = golden("official_hinet_wf2_hin3-4_io.npz")
    model = keras.saving.load_model(out)
    outputs = model(reference["input_nchw"].transpose(0, 2, 3, 1))
    for name, key in (("stage1", "out1_nchw"), ("restored", "out2_nchw")):
        expected = reference[key].transpose(0, 2, 3, 1)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(outputs[name]), expected, atol=1e-5)
    assert model.hin_levels == (3, 4)


def _truncated(path, source):
    path.write_bytes(source.read_bytes()[:1000])


def _of_another_network(path, source):
    torch.save({"params": {"conv.weight": torch.zeros(3, 3)}}, path)


def _missing_a_tensor(path, source):
    state = torch.load(source, weights_only=True)["params"]
    del state["sam12.conv1.bias"]
    torch.save({"params": state}, path)


def _missing(path, source):
    pass


@pytest.mark.parametrize(
    "spoil, expected, code",
    [
        (_truncated, "damaged", 1),
        (_of_another_network, "conv.weight", 1),
        (_missing_a_tensor, "missing sam12.conv1.bias", 1),
        (_missing, "bad.pth", 2),
    ],
)
def test_bad_file_is_one_line_and_leaves_nothing(
    tmp_path, golden_path, capsys, spoil, expected, code
):
    path = tmp_path / "bad.pth"
    spoil(path, golden_path("official_hinet_wf4_hin0-4.pth"))
    before = set(tmp_path.iterdir())
    assert main(["--torch", str(path), "--out", str(tmp_path / "out.keras")]) == code
    error = capsys.readouterr().err.strip()
    assert error.startswith("error: ") and expected in error and "\n" not in error
    assert set(tmp_path.iterdir()) == before


def test_wrong_suffix_is_wrong_usage(tmp_path, golden_path, capsys):
    source = golden_path("official_hinet_wf4_hin0-4.pth")
    assert main(["--torch", str(source), "--out", str(tmp_path / "out.h5")]) == 2
    assert ".keras" in capsys.readouterr().err


def test_help_names_the_command():
    command = [sys.executable, "training/convert_weights.py", "--help"]
    assert "--torch FILE.pth" in subprocess.run(command, capture_output=True, text=True).stdout
