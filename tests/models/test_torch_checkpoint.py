import os
import pickle
import sys

import numpy as np
import pytest
import torch
from keras import ops

from hinet_tf import load_torch_checkpoint
from hinet_tf.models.official_layout import official_tensors

SMALL = "official_hinet_wf2_hin3-4.pth"


@pytest.mark.parametrize("width, levels", [(4, (0, 1, 2, 3, 4)), (2, (3, 4))])
def test_official_networks_give_the_official_outputs(golden, golden_path, width, levels):
    name = f"official_hinet_wf{width}_hin{levels[0]}-4"
    reference = golden(f"{name}_io.npz")
    model = load_torch_checkpoint(golden_path(f"{name}.pth"))
    assert (model.width, model.depth, model.channels) == (width, 5, 3)
    assert model.hin_levels == levels
    outputs = model(reference["input_nchw"].transpose(0, 2, 3, 1))
    for key, expected in (("stage1", "out1_nchw"), ("restored", "out2_nchw")):
        actual = ops.convert_to_numpy(outputs[key]).transpose(0, 3, 1, 2)
        np.testing.assert_allclose(actual, reference[expected], atol=1e-5)


def test_every_tensor_of_the_file_is_used_once_and_comes_back(golden_path):
    state = torch.load(golden_path(SMALL), weights_only=True)["params"]
    model = load_torch_checkpoint(golden_path(SMALL), hin_levels=(3, 4))
    tensors = official_tensors(model)
    assert sorted(tensor.name for tensor in tensors) == sorted(state)
    assert {id(tensor.variable) for tensor in tensors} == {id(v) for v in model.variables}
    for tensor in tensors:
        value = tensor.official_value
        np.testing.assert_array_equal(value, state[tensor.name].numpy())


@pytest.fixture
def state(golden_path):
    return torch.load(golden_path(SMALL), weights_only=True)["params"]


def saved(tmp_path, content):
    torch.save(content, tmp_path / "model.pth")
    return tmp_path / "model.pth"


def test_reads_a_bare_state_dict_and_the_old_file_format(tmp_path, state):
    path = tmp_path / "old.pth"
    torch.save(state, path, _use_new_zipfile_serialization=False)
    assert load_torch_checkpoint(path).width == 2


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda s: s.pop("cat12.bias"), "missing cat12.bias"),
        (lambda s: s.update(extra=torch.ones(2)), "unexpected extra"),
        (
            lambda s: s.update({"last.weight": torch.ones(3, 2, 5, 5)}),
            r"last.weight of shape \(3, 2, 5, 5\), expected \(3, 2, 3, 3\)",
        ),
        (lambda s: s["last.bias"].fill_(float("nan")), "last.bias holds NaN"),
        (lambda s: s.pop("conv_01.weight"), "not a checkpoint of HINet"),
        (lambda s: s.pop("down_path_1.2.conv_1.weight"), "not a checkpoint of HINet"),
        (lambda s: s.pop("down_path_2.3.norm.weight"), "missing down_path_2.3.norm.weight"),
    ],
)
def test_names_the_tensors_that_do_not_fit(tmp_path, state, change, message):
    change(state)
    with pytest.raises(ValueError, match=message):
        load_torch_checkpoint(saved(tmp_path, {"params": state}))


def test_refuses_another_network(tmp_path):
    path = saved(tmp_path, torch.nn.Conv2d(3, 8, 3).state_dict())
    with pytest.raises(ValueError, match=r"model.pth is not a checkpoint of HINet.*found weight"):
        load_torch_checkpoint(path)


def test_refuses_levels_that_the_file_does_not_have(golden_path):
    with pytest.raises(ValueError, match=r"levels \(3, 4\). Received: hin_levels=\(0, 4\)"):
        load_torch_checkpoint(golden_path(SMALL), hin_levels=(0, 4))


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.95, 0.9999])
def test_names_a_truncated_file(tmp_path, golden_path, keep):
    content = golden_path(SMALL).read_bytes()
    path = tmp_path / "cut.pth"
    path.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(ValueError, match=r"cut\.pth is not a readable PyTorch checkpoint"):
        load_torch_checkpoint(path)


class Payload:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("zipped", [True, False])
def test_never_runs_code_from_the_file(tmp_path, zipped):
    trace = tmp_path / "the-code-was-run"
    path = tmp_path / "evil.pth"
    if zipped:
        torch.save({"params": Payload(trace)}, path)
    else:
        path.write_bytes(pickle.dumps({"params": Payload(trace)}))
    with pytest.raises(ValueError, match="not a readable PyTorch checkpoint"):
        load_torch_checkpoint(path)
    assert not trace.exists()


def test_refuses_what_holds_no_tensors(tmp_path):
    with pytest.raises(ValueError, match="holds no named tensors"):
        load_torch_checkpoint(saved(tmp_path, {"params": {}}))
    with pytest.raises(ValueError, match="holds no named tensors"):
        load_torch_checkpoint(saved(tmp_path, [1, 2]))


def test_a_missing_file_and_a_missing_torch_are_named(tmp_path, monkeypatch, golden_path):
    with pytest.raises(OSError, match=r"nowhere\.pth"):
        load_torch_checkpoint(tmp_path / "nowhere.pth")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ValueError, match=r"pip install 'hinet-tf\[torch\]'"):
        load_torch_checkpoint(golden_path(SMALL))
