"""HINet in OpenVINO's operations, from the official tensors: without Keras and TensorFlow."""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import openvino
from openvino import opset13 as ops

from hinet_tf.models.hinet_arguments import check_number, validated_levels
from hinet_tf.models.official_network import UnfitTensorsError

_EPSILON = 1e-5
# Of `HINet`: the first six say what is computed.
_ARGUMENTS = {
    *("width", "depth", "hin_levels", "channels", "negative_slope", "norm"),
    *("local_train_size", "local_ratio", "dtype", "name", "frozen"),
}


def openvino_network(
    config: Mapping[str, Any],
    tensors: Mapping[str, np.ndarray],
    fast: bool = False,
    parts: int = 1,
) -> openvino.Model:
    """Builds the network for images of every size.

    Args:
        config: Arguments of `HINet`, as `get_config` or a preset's card gives them; of
            `norm="instance"`.
        tensors: Official name -> array in PyTorch's layout.
        fast: Stop after the first stage.
        parts: Number of images whose sum is restored: OpenVINO rounds what it reads to
            bfloat16, and two parts keep twice the bits.

    Returns:
        A model from `(batch, height, width, parts * channels)`, the sum in [0, 1], to
        `(batch, height, width, channels)`: the restored image, unclipped, or where there are
        several parts what is to be added to their sum.

    Raises:
        UnfitTensorsError: If the tensors are not exactly those of that network, or not finite.
    """
    try:
        network = _Network(config, tensors, parts)
    except ValueError as error:
        raise UnfitTensorsError(str(error)) from error
    image = ops.parameter([-1, -1, -1, parts * network.channels], np.float32, name="image")
    pixels = ops.transpose(image, np.array([0, 3, 1, 2]))
    restored = network.stage1(pixels) if fast else network.restored(pixels)
    if not fast and (unused := tensors.keys() - network.used):
        raise UnfitTensorsError(f"unexpected {min(unused)}")
    result = ops.transpose(restored, np.array([0, 2, 3, 1]))
    result.output(0).set_names({"stage1" if fast else "restored"})
    return openvino.Model([result], [image], "hinet")


class _Network:
    """The parts, named as in `basicsr/models/archs/hinet_arch.py`; maps are channels first."""

    def __init__(
        self, config: Mapping[str, Any], tensors: Mapping[str, np.ndarray], parts: int
    ) -> None:
        if unknown := config.keys() - _ARGUMENTS:
            raise UnfitTensorsError(f"unknown argument {min(unknown)}")
        if config.get("norm", "instance") != "instance":
            raise UnfitTensorsError(f"expected norm='instance'. Received: norm={config['norm']!r}")
        self.depth = config.get("depth", 5)
        self.width = config.get("width", 64)
        self.channels = config.get("channels", 3)
        levels = config.get("hin_levels")
        self.levels = validated_levels(self.width, self.depth, levels, self.channels)
        check_number("negative_slope", slope := config.get("negative_slope", 0.2))
        self.slope = np.float32(slope)
        self.tensors = tensors
        self.parts = parts
        self.used: set[str] = set()

    def stage1(self, image: Any) -> Any:
        return self._corrected(image, self._first(image)[0])

    def restored(self, image: Any) -> Any:
        correction, features, encoded, decoded = self._first(image)
        parts = ops.split(image, 1, self.parts).outputs()
        stage1 = functools.reduce(ops.add, parts, correction)
        gate = ops.sigmoid(self._convolution(stage1, "sam12.conv3", self.width))
        attended = ops.add(
            ops.multiply(self._convolution(features, "sam12.conv1", self.width), gate), features
        )
        x = ops.concat([self._of_image(image, "conv_02"), attended], axis=1)
        x = self._convolution(x, "cat12", self.width, 1)
        x, skips = self._encode(x, 2, list(zip(encoded, decoded, strict=True)))
        x = self._decode(x, skips, 2)[0]
        return self._corrected(image, self._convolution(x, "last", self.channels))

    def _corrected(self, image: Any, correction: Any) -> Any:
        return ops.add(correction, image) if self.parts == 1 else correction

    def _first(self, image: Any) -> tuple[Any, Any, list[Any], list[Any]]:
        x, encoded = self._encode(self._of_image(image, "conv_01"), 1)
        decoded = self._decode(x, encoded, 1)
        correction = self._convolution(decoded[0], "sam12.conv2", self.channels)
        return correction, decoded[0], encoded, decoded

    def _encode(
        self, x: Any, stage: int, first: list[tuple[Any, Any]] | None = None
    ) -> tuple[Any, list[Any]]:
        skips = []
        for level in range(self.depth):
            name, filters = f"down_path_{stage}.{level}", self.width * 2**level
            x = self._block(x, name, filters, level in self.levels)
            if level == self.depth - 1:
                break
            if first:
                encoder = self._convolution(first[level][0], f"{name}.csff_enc", filters)
                decoder = self._convolution(first[level][1], f"{name}.csff_dec", filters)
                x = ops.add(x, ops.add(encoder, decoder))
            skips.append(x)
            x = self._convolution(x, f"{name}.downsample", filters, 4, 2, bias=False)
        return x, skips

    def _decode(self, x: Any, skips: list[Any], stage: int) -> list[Any]:
        decoded: list[Any] = []
        for level in reversed(range(self.depth - 1)):
            index, filters = self.depth - 2 - level, self.width * 2**level
            bridge = self._convolution(skips[level], f"skip_conv_{stage}.{index}", filters)
            name = f"up_path_{stage}.{index}"
            x = ops.concat([self._upsampled(x, f"{name}.up", filters), bridge], axis=1)
            x = self._block(x, f"{name}.conv_block", filters, normalized=False)
            decoded.insert(0, x)
        return decoded

    def _block(self, inputs: Any, name: str, filters: int, normalized: bool) -> Any:
        x = self._convolution(inputs, f"{name}.conv_1", filters)
        if normalized:
            x = self._half_normalized(x, f"{name}.norm", filters)
        x = self._activated(self._convolution(self._activated(x), f"{name}.conv_2", filters))
        return ops.add(x, self._convolution(inputs, f"{name}.identity", filters, 1))

    def _half_normalized(self, x: Any, name: str, filters: int) -> Any:
        first, second = ops.split(x, 1, 2).outputs()
        shape = (1, filters // 2, 1, 1)
        gamma, beta = (
            self._tensor(f"{name}.{part}", (filters // 2,)).reshape(shape)
            for part in ("weight", "bias")
        )
        first = ops.mvn(first, np.array([2, 3]), True, _EPSILON, "inside_sqrt")
        return ops.concat([ops.add(ops.multiply(first, gamma), beta), second], axis=1)

    def _activated(self, x: Any) -> Any:
        return ops.prelu(x, np.array([self.slope]))

    def _of_image(self, image: Any, name: str) -> Any:
        return self._convolution(image, name, self.width, parts=self.parts)

    def _convolution(
        self,
        x: Any,
        name: str,
        filters: int,
        side: int = 3,
        stride: int = 1,
        bias: bool = True,
        parts: int = 1,
    ) -> Any:
        before = (side - 1) // 2
        kernel = self._tensor(f"{name}.weight", (filters, _channels(x) // parts, side, side))
        # The sum of the parts, without adding them up.
        kernel = np.concatenate([kernel] * parts, axis=1)
        edges = [before, before]
        x = ops.convolution(x, kernel, [stride, stride], edges, edges, [1, 1])
        return self._biased(x, name, filters) if bias else x

    def _upsampled(self, x: Any, name: str, filters: int) -> Any:
        kernel = self._tensor(f"{name}.weight", (_channels(x), filters, 2, 2))
        return self._biased(ops.convolution_backprop_data(x, kernel, [2, 2]), name, filters)

    def _biased(self, x: Any, name: str, filters: int) -> Any:
        bias = self._tensor(f"{name}.bias", (filters,))
        return ops.add(x, bias.reshape(1, filters, 1, 1))

    def _tensor(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        if name not in self.tensors:
            raise UnfitTensorsError(f"missing {name}")
        value = self.tensors[name].astype(np.float32)
        if value.shape != shape:
            raise UnfitTensorsError(f"{name} of shape {value.shape}, expected {shape}")
        if not np.isfinite(value).all():
            raise UnfitTensorsError(f"{name} holds NaN or infinite values")
        self.used.add(name)
        return value


def _channels(x: Any) -> int:
    return (
        (x if isinstance(x, openvino.Output) else x.output(0)).get_partial_shape()[1].get_length()
    )
