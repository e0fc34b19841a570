"""The rival that HINet is timed against is the published one, by every number published for it."""

import pytest
import torch

# Of which the papers give the first three digits.
PARAMETERS = {"denoise": 15_741_025, "deblur": 20_127_073, "derain": 3_637_249}
# The HINet paper: multiply-adds at 256x256 (transposed convolutions counted four times) by scale,
# and what share of MPRNet's they are, with the digits that it gives.
HINET = {0.5: 42.76e9, 1.0: 170.7e9}
SHARES = [("denoise", 0.5, 0.075, 3), ("denoise", 1.0, 0.30, 2), ("deblur", 1.0, 0.225, 3)]


@pytest.fixture
def build():
    from mprnet import MPRNet

    def on_no_device(task):
        with torch.device("meta"):
            return MPRNet(task)

    return on_no_device


@pytest.mark.parametrize("task", PARAMETERS)
def test_parameters_are_the_published_ones(build, task):
    from mprnet import PUBLISHED

    count = sum(p.numel() for p in build(task).parameters())
    assert count == PARAMETERS[task]
    assert round(count / 1e6, 1) == PUBLISHED[task]


@pytest.mark.parametrize("task, scale, share, digits", SHARES)
def test_multiply_adds_have_the_paper_s_ratio_to_hinet_s(build, task, scale, share, digits):
    from mprnet import multiply_adds

    with torch.no_grad():
        count = multiply_adds(build(task), 256, 256)
    assert round(HINET[scale] / count, digits) == share


def test_stages_work_on_quarters_halves_and_the_whole():
    from mprnet import MPRNet

    torch.manual_seed(0)
    network = MPRNet("derain")
    image = torch.rand(1, 3, 32, 48)
    seen = {"encoders": [[], []], "decoders": [[], []]}
    for kind, stages in seen.items():
        for part, sizes in zip(getattr(network, kind), stages, strict=True):
            part.register_forward_hook(
                lambda _, inputs, maps, sizes=sizes: sizes.append(tuple(maps[0].shape[2:]))
            )
    with torch.inference_mode():
        before = network(image)
        assert seen["encoders"] == [[(16, 24)] * 4, [(16, 48)] * 2]
        assert seen["decoders"] == [[(16, 48)] * 2, [(32, 48)]]
        image[..., -1, -1] = 1 - image[..., -1, -1]
        after = network(image)
    moved = [(a - b).abs()[0].amax(0) > 0 for a, b in zip(before, after, strict=True)]
    final, second, first = moved
    # The last pixel reaches the upper half in the second stage and not in the first.
    assert first[16:].any() and not first[:16].any()
    assert second[:16].any() and final[:16].any()
