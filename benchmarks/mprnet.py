"""MPRNet in plain PyTorch, for timing: the network that the HINet paper measures its speed against.

Written from the paper (Zamir et al., "Multi-Stage Progressive Image Restoration", CVPR 2021) and
checked by the numbers published for it: see `PUBLISHED`. Weights are random and their names are
nobody's: no checkpoint fits.
"""

import itertools

import torch
from torch import nn

# Channels at full resolution, further channels of each coarser level, and of the last stage.
SIZES = {"denoise": (80, 48, 32), "deblur": (96, 48, 32), "derain": (40, 20, 16)}
# Parameters in the paper's own tables, in millions.
PUBLISHED = {"denoise": 15.7, "deblur": 20.1, "derain": 3.6}
_LEVELS = 3
_STAGE_3_GROUPS = 3
_GROUP_BLOCKS = 8


class MPRNet(nn.Module):
    """Two U-Nets, on four and on two patches of an image, and a third network at full resolution.

    Args:
        task: `"denoise"`, `"deblur"` or `"derain"`.
    """

    def __init__(self, task: str) -> None:
        super().__init__()
        width, growth, extra = SIZES[task]
        widths = [width + level * growth for level in range(_LEVELS)]
        # One slope for the whole network.
        activation = nn.PReLU()
        self.shallow = nn.ModuleList(
            nn.Sequential(_conv(3, width), _AttentionBlock(width, activation)) for _ in range(3)
        )
        self.encoders = nn.ModuleList(
            _Encoder(widths, activation, fused) for fused in (False, True)
        )
        self.decoders = nn.ModuleList(_Decoder(widths, activation) for _ in range(2))
        self.attentions = nn.ModuleList(_SupervisedAttention(width) for _ in range(2))
        self.merge_2 = _conv(2 * width, width)
        self.merge_3 = _conv(2 * width, width + extra)
        self.stage_3 = _OriginalResolution(widths, width + extra, activation)
        self.tail = _conv(width + extra, 3)

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        """Restores images `(batch, 3, height, width)`; the outputs of the stages, the best first.

        Height and width are multiples of 8: a quarter of the image halves twice.
        """
        halves = image.chunk(2, 2)
        quarters = [part for half in halves for part in half.chunk(2, 3)]

        maps = [self.encoders[0](self.shallow[0](part)) for part in quarters]
        encoded = [_beside(maps[0], maps[1]), _beside(maps[2], maps[3])]
        decoded = [self.decoders[0](half) for half in encoded]
        features, stage_1 = _rows(self.attentions[0], decoded, halves)

        maps = []
        for number, half in enumerate(halves):
            x = self.merge_2(torch.cat([self.shallow[1](half), features[number]], 1))
            maps.append(self.encoders[1](x, encoded[number], decoded[number]))
        encoded = [torch.cat(pair, 2) for pair in zip(*maps, strict=True)]
        decoded = self.decoders[1](encoded)
        features, stage_2 = self.attentions[1](decoded[0], image)

        x = self.merge_3(torch.cat([self.shallow[2](image), features], 1))
        return [self.tail(self.stage_3(x, encoded, decoded)) + image, stage_2, stage_1]


class _AttentionBlock(nn.Module):
    """Two convolutions whose channels are weighed by their means, and a residual sum (CAB)."""

    def __init__(self, width: int, activation: nn.Module, reduction: int = 4) -> None:
        super().__init__()
        self.body = nn.Sequential(_conv(width, width), activation, _conv(width, width))
        self.weights = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            _conv(width, width // reduction, 1),
            nn.ReLU(),
            _conv(width // reduction, width, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        body = self.body(x)
        return x + body * self.weights(body)


class _Encoder(nn.Module):
    def __init__(self, widths: list[int], activation: nn.Module, fused: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_blocks(width, activation, 2) for width in widths)
        self.down = nn.ModuleList(
            nn.Sequential(_resize(0.5), _conv(fine, coarse, 1))
            for fine, coarse in itertools.pairwise(widths)
        )
        # What the first stage's encoder and decoder found, level by level (CSFF).
        count = len(widths) if fused else 0
        self.fuse_encoded = nn.ModuleList(_conv(width, width, 1) for width in widths[:count])
        self.fuse_decoded = nn.ModuleList(_conv(width, width, 1) for width in widths[:count])

    def forward(self, x, encoded=None, decoded=None) -> list[torch.Tensor]:
        maps = []
        for level, block in enumerate(self.blocks):
            x = block(self.down[level - 1](x) if level else x)
            if encoded is not None:
                x = x + self.fuse_encoded[level](encoded[level])
                x = x + self.fuse_decoded[level](decoded[level])
            maps.append(x)
        return maps


class _Decoder(nn.Module):
    def __init__(self, widths: list[int], activation: nn.Module) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_blocks(width, activation, 2) for width in widths)
        self.skips = nn.ModuleList(_AttentionBlock(width, activation) for width in widths[:-1])
        self.up = _ups(widths)

    def forward(self, encoded: list[torch.Tensor]) -> list[torch.Tensor]:
        x = self.blocks[-1](encoded[-1])
        maps = [x]
        for level in reversed(range(len(encoded) - 1)):
            x = self.blocks[level](self.up[level](x) + self.skips[level](encoded[level]))
            maps.insert(0, x)
        return maps


class _SupervisedAttention(nn.Module):
    """Gives the stage's image and the features that it makes trustworthy (SAM)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.features, self.image = _conv(width, width, 1), _conv(width, 3, 1)
        self.mask = _conv(3, width, 1)

    def forward(self, x: torch.Tensor, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        restored = self.image(x) + image
        return self.features(x) * torch.sigmoid(self.mask(restored)) + x, restored


class _OriginalResolution(nn.Module):
    """Groups of attention blocks without any change of resolution (ORSNet).

    Before each group come the second stage's maps of one level, brought to full resolution.
    """

    def __init__(self, widths: list[int], width: int, activation: nn.Module) -> None:
        super().__init__()
        self.groups = nn.ModuleList(
            nn.Sequential(*_blocks(width, activation, _GROUP_BLOCKS), _conv(width, width))
            for _ in range(_STAGE_3_GROUPS)
        )
        self.up_encoded = nn.ModuleList(_all_the_way_up(widths, k) for k in range(len(widths)))
        self.up_decoded = nn.ModuleList(_all_the_way_up(widths, k) for k in range(len(widths)))
        self.fuse_encoded = nn.ModuleList(_conv(widths[0], width, 1) for _ in widths)
        self.fuse_decoded = nn.ModuleList(_conv(widths[0], width, 1) for _ in widths)

    def forward(self, x, encoded, decoded) -> torch.Tensor:
        for level, group in enumerate(self.groups):
            x = x + group(x)
            x = x + self.fuse_encoded[level](self.up_encoded[level](encoded[level]))
            x = x + self.fuse_decoded[level](self.up_decoded[level](decoded[level]))
        return x


def multiply_adds(network: nn.Module, height: int, width: int) -> int:
    """Multiply-adds of all convolutions for one image, counted on shapes alone."""
    counted = []

    def count(layer: nn.Conv2d, inputs: tuple, output: torch.Tensor) -> None:
        per_value = layer.in_channels // layer.groups * layer.kernel_size[0] * layer.kernel_size[1]
        counted.append(output.numel() * per_value)

    hooks = [
        layer.register_forward_hook(count)
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d)
    ]
    network(torch.empty(1, 3, height, width, device=next(network.parameters()).device))
    for hook in hooks:
        hook.remove()
    return sum(counted)


def _rows(attention, decoded, halves) -> tuple[list[torch.Tensor], torch.Tensor]:
    features, images = zip(
        *(attention(maps[0], half) for maps, half in zip(decoded, halves, strict=True)), strict=True
    )
    return list(features), torch.cat(images, 2)


def _beside(left: list[torch.Tensor], right: list[torch.Tensor]) -> list[torch.Tensor]:
    return [torch.cat(pair, 3) for pair in zip(left, right, strict=True)]


def _blocks(width: int, activation: nn.Module, count: int) -> nn.Sequential:
    return nn.Sequential(*(_AttentionBlock(width, activation) for _ in range(count)))


def _ups(widths: list[int]) -> nn.ModuleList:
    return nn.ModuleList(
        nn.Sequential(_resize(2), _conv(coarse, fine, 1))
        for fine, coarse in itertools.pairwise(widths)
    )


def _all_the_way_up(widths: list[int], level: int) -> nn.Sequential:
    return nn.Sequential(*reversed(_ups(widths[: level + 1])))


def _resize(factor: float) -> nn.Upsample:
    return nn.Upsample(scale_factor=factor, mode="bilinear", align_corners=False)


def _conv(inputs: int, outputs: int, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
