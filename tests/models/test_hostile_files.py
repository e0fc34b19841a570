"""Whatever is in a model file: the model, or one line in little time and memory."""

import resource
import subprocess
import sys

import numpy as np
import pytest

from hinet_tf import Restorer, load_torch_checkpoint
from hinet_tf.command_line import run_command
from hinet_tf.commands.checks import check_sizes
from hinet_tf.files import size_text
from hinet_tf.models import HINet, open_model
from hinet_tf.models.weights import without_values
from tests.models import hostile_files
from training import convert_weights

FILES = {
    f"{group}: {kind}": entry
    for group, table in {
        ".pth": hostile_files.TORCH,
        ".keras": hostile_files.KERAS,
        "preset": hostile_files.PRESETS,
    }.items()
    for kind, entry in table.items()
}


def peak_memory():
    """The most that this process has held so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.parametrize("make, message", FILES.values(), ids=FILES)
def test_is_refused_in_one_line_and_little_memory(make, message, tmp_path, capsys):
    name = make(tmp_path)
    before = peak_memory()
    with pytest.raises(ValueError, match=message) as refusal:
        open_model(name)
    # The largest of the files claims 200 GB, the least of those that lie on purpose 70 MB.
    assert peak_memory() - before < 50e6
    assert "safe_mode" not in str(refusal.value) and "weights_only" not in str(refusal.value)
    assert run_command(lambda: Restorer(name)) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and len(line) < 1500


@pytest.mark.parametrize("kind", hostile_files.TORCH_THAT_LOAD)
def test_odd_checkpoints_that_load(kind, tmp_path, golden_path):
    model = load_torch_checkpoint(hostile_files.TORCH_THAT_LOAD[kind](tmp_path))
    expected = load_torch_checkpoint(golden_path("official_hinet_wf2_hin3-4.pth"))
    for ours, theirs in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    "make, message", hostile_files.MODELS.values(), ids=[*hostile_files.MODELS]
)
def test_a_model_that_restores_nothing_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        Restorer(make())


def test_a_sequential_model_restores():
    import keras

    image = np.random.default_rng(0).random((20, 30, 3), np.float32)
    layers = [keras.Input((None, None, 3)), keras.layers.Activation("linear")]
    np.testing.assert_array_equal(Restorer(keras.Sequential(layers)).restore(image), image)


def test_the_directory_of_a_training_is_its_best_model(tmp_path):
    model = HINet(width=4, depth=2)
    model.save(tmp_path / "best.keras")
    opened = open_model(tmp_path)
    for ours, theirs in zip(opened.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_model_without_values_leaves_nothing_behind():
    def build():
        return HINet(width=4, depth=2)

    assert without_values(build).count_params() == build().count_params()
    # Keras would fill the variables of an unfinished one with the next model that it builds.
    without_values(lambda: HINet(width=2**20, depth=2))
    before = peak_memory()
    build()
    assert peak_memory() - before < 50e6
    with pytest.raises(ValueError, match="width"):
        without_values(lambda: HINet(width=0))
    assert build().get_weights()


@pytest.mark.parametrize(
    "size, text", [(0, "0 bytes"), (999, "999 bytes"), (1e6, "1 MB"), (3.5e15, "3.5e+03 TB")]
)
def test_size_text(size, text):
    assert size_text(size) == text


@pytest.mark.parametrize("kind", ["sparse", "a pickled module", "a list in params"])
def test_the_converter_says_it_in_one_line(kind, tmp_path, capsys):
    path = hostile_files.TORCH[kind][0](tmp_path)
    command = ["--torch", str(path), "--out", str(tmp_path / "out.keras")]
    assert convert_weights.main(command) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert str(path) in line and not (tmp_path / "out.keras").exists()


@pytest.mark.parametrize(
    "kind", ["a million brackets", "config a list", "config a bomb", "depth 10^6", "encrypted"]
)
def test_sizes_are_checked_against_no_such_config(kind, tmp_path):
    path = hostile_files.KERAS[kind][0](tmp_path)
    before = peak_memory()
    check_sizes([(17, 17)], str(path))
    assert peak_memory() - before < 60e6


IN_A_PROCESS = """
import resource, sys, time
import torch
from hinet_tf.models import open_model
open_model  # Loads Keras, which is not what is measured.
for path in sys.argv[1:]:
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        open_model(path)
    except ValueError as error:
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(grown // 1024, time.process_time() - start)
"""


def test_a_fresh_process_neither_grows_nor_computes(tmp_path):
    """Where nothing was large before, so that the peak tells all."""
    liars = (
        *(".pth: width 10^6 in one tensor", ".keras: width 10^6"),
        *(".keras: a weight that claims 3 GB", "preset: 186 GB"),
    )
    paths = []
    for number, kind in enumerate(liars):
        (tmp_path / str(number)).mkdir()
        paths.append(FILES[kind][0](tmp_path / str(number)))
    output = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS, *paths], capture_output=True, text=True, check=True
    ).stdout
    measured = [tuple(map(float, line.split())) for line in output.splitlines()]
    assert len(measured) == len(liars)
    assert all(megabytes < 100 and seconds < 3 for megabytes, seconds in measured), measured
