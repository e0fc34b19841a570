"""The layers start from PyTorch's default distributions, with PyTorch itself as the oracle."""

import numpy as np
import pytest
import torch
from keras import ops

from hinet_tf.layers import Convolution, TransposedConvolution


def _torch_values(make, count=40):
    torch.manual_seed(0)
    kernels, biases = zip(
        *[
            (m.weight.detach().numpy(), m.bias.detach().numpy())
            for m in (make() for _ in range(count))
        ],
        strict=True,
    )
    return np.stack(kernels), np.stack(biases)


@pytest.mark.parametrize(
    "layer, in_channels, oracle",
    [
        (lambda: Convolution(24), 12, lambda: torch.nn.Conv2d(12, 24, 3, padding=1)),
        (lambda: Convolution(16, 1), 40, lambda: torch.nn.Conv2d(40, 16, 1)),
        (lambda: Convolution(24, 4, strides=2), 12, lambda: torch.nn.Conv2d(12, 24, 4, 2)),
        # PyTorch takes the fan-in of a transposed convolution from its output channels.
        (lambda: TransposedConvolution(8), 64, lambda: torch.nn.ConvTranspose2d(64, 8, 2, 2)),
    ],
)
def test_kernel_and_bias_are_distributed_as_in_pytorch(layer, in_channels, oracle):
    kernels, biases = [], []
    for _ in range(40):
        built = layer()
        built.build((None, 8, 8, in_channels))
        kernels.append(ops.convert_to_numpy(built.kernel.value))
        biases.append(ops.convert_to_numpy(built.bias.value))
    for ours, theirs in zip(
        (np.stack(kernels), np.stack(biases)), _torch_values(oracle), strict=True
    ):
        bound = np.abs(theirs).max()
        assert 0.97 * bound < np.abs(ours).max() < 1.03 * bound
        assert abs(ours.std() / theirs.std() - 1) < 0.05
        assert abs(ours.mean()) < 0.1 * bound
    assert not np.array_equal(kernels[0], kernels[1])


def test_transposed_convolution_equals_pytorch():
    x = np.random.default_rng(0).normal(size=(2, 5, 7, 6)).astype("float32")
    layer = TransposedConvolution(4)
    y = ops.convert_to_numpy(layer(x))
    oracle = torch.nn.ConvTranspose2d(6, 4, 2, 2)
    with torch.no_grad():
        kernel = ops.convert_to_numpy(layer.kernel.value).transpose(3, 2, 0, 1)
        oracle.weight.copy_(torch.from_numpy(kernel.copy()))
        oracle.bias.copy_(torch.from_numpy(ops.convert_to_numpy(layer.bias.value)))
        expected = oracle(torch.from_numpy(x.transpose(0, 3, 1, 2))).numpy()
    np.testing.assert_allclose(y, expected.transpose(0, 2, 3, 1), atol=1e-6)
    assert TransposedConvolution.from_config(layer.get_config()).filters == 4
