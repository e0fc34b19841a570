"""The same network in plain PyTorch, to measure against and to check weights with.

Names of modules follow the official checkpoints, so that one state dict fits both.
"""

from collections.abc import Iterable

import torch
from torch import nn


class TorchHINet(nn.Module):
    """HINet as published (Chen et al., 2021), in PyTorch.

    Args:
        width: Channels of the first level.
        depth: Number of levels.
        hin_levels: Encoder levels with half instance normalization; `None` for all.
        channels: Channels of the image.
        negative_slope: Slope of the leaky ReLUs below zero.
    """

    def __init__(
        self,
        width: int = 64,
        depth: int = 5,
        hin_levels: Iterable[int] | None = None,
        channels: int = 3,
        negative_slope: float = 0.2,
    ) -> None:
        super().__init__()
        levels = set(range(depth) if hin_levels is None else hin_levels)
        sizes = [width * 2**level for level in range(depth)]
        self.conv_01, self.conv_02 = _conv(channels, width), _conv(channels, width)
        for stage in (1, 2):
            inputs = [width, *sizes[:-1]]
            down = nn.ModuleList(
                _Encoder(
                    inputs[level],
                    sizes[level],
                    negative_slope,
                    norm=level in levels,
                    last=level == depth - 1,
                    fused=stage == 2,
                )
                for level in range(depth)
            )
            up = nn.ModuleList(
                _Decoder(sizes[level + 1], sizes[level], negative_slope)
                for level in reversed(range(depth - 1))
            )
            skip = nn.ModuleList(_conv(sizes[level], sizes[level]) for level in range(depth - 1))
            self.add_module(f"down_path_{stage}", down)
            self.add_module(f"up_path_{stage}", up)
            self.add_module(f"skip_conv_{stage}", nn.ModuleList(reversed(skip)))
        self.sam12 = _Attention(width, channels)
        self.cat12 = nn.Conv2d(2 * width, width, 1)
        self.last = _conv(width, channels)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Restores images `(batch, channels, height, width)`; both stages' outputs."""
        encoded, x = [], self.conv_01(image)
        for block in self.down_path_1:
            skip, x = block(x)
            encoded.append(skip)
        decoded = []
        for number, block in enumerate(self.up_path_1):
            x = block(x, self.skip_conv_1[number](encoded[-2 - number]))
            decoded.append(x)
        features, stage1 = self.sam12(x, image)

        x = self.cat12(torch.cat([self.conv_02(image), features], 1))
        skips = []
        for level, block in enumerate(self.down_path_2):
            last = level == len(self.down_path_2) - 1
            skip, x = block(x) if last else block(x, encoded[level], decoded[-1 - level])
            skips.append(skip)
        for number, block in enumerate(self.up_path_2):
            x = block(x, self.skip_conv_2[number](skips[-2 - number]))
        return stage1, self.last(x) + image


def from_keras(model) -> TorchHINet:
    """The PyTorch network with the weights of a Keras `HINet`."""
    from hinet_tf.models.official_layout import official_tensors

    network = TorchHINet(
        model.width, model.depth, model.hin_levels, model.channels, model.negative_slope
    )
    state = {
        tensor.name: torch.tensor(tensor.official_value.copy())
        for tensor in official_tensors(model)
    }
    network.load_state_dict(state)
    return network.eval()


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, slope: float, norm: bool = False) -> None:
        super().__init__()
        self.identity = nn.Conv2d(inputs, outputs, 1)
        self.conv_1, self.conv_2 = _conv(inputs, outputs), _conv(outputs, outputs)
        self.relu = nn.LeakyReLU(slope)
        self.norm = nn.InstanceNorm2d(outputs // 2, affine=True) if norm else None

    def mix(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.conv_1(x)
        if self.norm is not None:
            first, second = hidden.chunk(2, 1)
            hidden = torch.cat([self.norm(first), second], 1)
        return self.relu(self.conv_2(self.relu(hidden))) + self.identity(x)


class _Encoder(_Block):
    def __init__(self, inputs, outputs, slope, norm: bool, last: bool, fused: bool) -> None:
        super().__init__(inputs, outputs, slope, norm)
        self.downsample = None if last else nn.Conv2d(outputs, outputs, 4, 2, 1, bias=False)
        if fused and not last:
            self.csff_enc, self.csff_dec = _conv(outputs, outputs), _conv(outputs, outputs)

    def forward(self, x, encoded=None, decoded=None):
        x = self.mix(x)
        if encoded is not None:
            x = x + self.csff_enc(encoded) + self.csff_dec(decoded)
        return x, x if self.downsample is None else self.downsample(x)


class _Decoder(nn.Module):
    def __init__(self, inputs: int, outputs: int, slope: float) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(inputs, outputs, 2, 2)
        self.conv_block = _Block(2 * outputs, outputs, slope)

    def forward(self, x: torch.Tensor, bridge: torch.Tensor) -> torch.Tensor:
        return self.conv_block.mix(torch.cat([self.up(x), bridge], 1))


class _Attention(nn.Module):
    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = _conv(width, width), _conv(width, channels)
        self.conv3 = _conv(channels, width)

    def forward(self, x: torch.Tensor, image: torch.Tensor):
        restored = self.conv2(x) + image
        return self.conv1(x) * torch.sigmoid(self.conv3(restored)) + x, restored


def _conv(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, 1, 1)
