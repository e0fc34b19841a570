"""The integer arithmetic of exported files, imitated in float so that it can be trained for."""

from typing import Any

import keras
from keras import ops

# Stay in float in every integer recipe, and why.
FLOAT_LAYERS = {
    "attention": "supervised attention",
    "stage1_input": "first convolution, reads the image",
    "stage2_input": "first convolution of stage 2, reads the image",
    "stage2_mix": "mixes the image into the features of stage 2",
    "stage2_output": "last convolution, writes the correction of the image",
}
# What these round is most of what all roundings add to the image. So they scale their input while
# they run in `int8` as well and, where they are narrow, stay in float.
FULL_RESOLUTION_LAYERS = (
    "stage1_encoder0",
    "stage1_decoder0",
    "stage2_encoder0",
    "stage2_decoder0",
)
# Kernels of 8-bit numbers compute 16 channels at once: for 8 they are no faster than float ones
# (benchmarks/tflite.md).
_FEWEST_INTEGER_CHANNELS = 16
# TensorFlow's converter leaves smaller kernels in float (`min_elements_for_weights`).
_FEWEST_DYNAMIC = 1024
# Deployed, a 3x3 convolution to an image is one of 4x4 to four times its channels.
_TO_IMAGE = {"image_conv": 64 / 9, "stage2_output": 64 / 9}

# Parts of the range from minimum to maximum that are tried: few values lie near its ends.
_PARTS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
_STRIDE = 2


@keras.saving.register_keras_serializable(package="hinet_tf")
class FakeQuantization(keras.layers.Layer):
    """Rounds what goes into a convolution, its kernel and what comes out as a `.tflite` file does.

    Every value stays float32 and becomes a multiple of its integer's step; gradients pass as if
    nothing had been rounded ("straight through"), but for values beyond a range, which get none.
    What is rounded, and how, is measured on the file (`tests/layers/test_fake_quantization.py`):

    - kernels: symmetric, one step for each output channel, `max(|w|) / 127`. AI Edge Quantizer
      (`int8`) rounds ties to even, TensorFlow's converter (`int8_dynamic`) away from zero;
    - `int8_dynamic`: what goes in, asymmetric, between minimum and maximum of each image with
      zero (XNNPACK's `qd8` convolutions); what comes out is float;
    - `int8`: what goes in and what comes out, asymmetric, between two ends that are moving averages
      over the batches of the training, and constants of the file. The ends of a batch are those,
      of some between its minimum and maximum, whose rounding errs least. Blocks at full
      resolution round what goes in as `int8_dynamic` does, or nothing, see `stays_float`.

    Args:
        recipe: `"int8"` or `"int8_dynamic"`.
        kernel_axes: Axes of the kernel that one output channel spans.
        rounds_output: Whether `int8` rounds what comes out: not where another integer convolution
            takes it as it is, and rounds it.
        dynamic: Whether each image's own minimum and maximum are the ends; always in
            `int8_dynamic`.
        memory: Batches that a moving average spans; of fewer it is the mean. Defaults to 100.
        **kwargs: Base layer keyword arguments.

    Call arguments:
        x: The tensor.
        tensor: `"input"` or `"output"`.
        training: Whether the moving averages move.

    Example:
    >>> layer = FakeQuantization("int8_dynamic", kernel_axes=(0, 1, 2))
    >>> layer(keras.ops.ones((1, 8, 8, 4)), tensor="input").shape
    TensorShape([1, 8, 8, 4])
    """

    def __init__(
        self,
        recipe: str,
        kernel_axes: tuple[int, ...],
        rounds_output: bool = True,
        dynamic: bool = False,
        memory: int = 100,
        **kwargs: Any,
    ) -> None:
        super().__init__(dtype="float32", **kwargs)
        self.recipe = recipe
        self.kernel_axes = kernel_axes
        self.rounds_output = rounds_output
        self.dynamic = dynamic or recipe == "int8_dynamic"
        self.memory = memory
        self.ranges: dict[str, keras.Variable] = {}
        if not self.dynamic:
            for tensor in ("input", "output")[: 1 + rounds_output]:
                # Low end, high end, and the number of batches that they are of.
                self.ranges[tensor] = self.add_weight(
                    shape=(3,),
                    initializer="zeros",
                    trainable=False,
                    aggregation="mean",
                    name=f"{tensor}_range",
                )
        self.built = True

    def call(self, x: Any, tensor: str, training: bool | None = None) -> Any:
        if self.dynamic:
            if tensor == "output":
                return x
            low, high = _ends(x, axis=(1, 2, 3))
            return x + ops.stop_gradient(_rounded(x, low, high) - x)
        if tensor not in self.ranges:
            return x
        moving = self.ranges[tensor]
        if training:
            ends = _best_range(ops.stop_gradient(x))
            batches = ops.minimum(moving.value[2] + 1, self.memory)
            moved = moving.value[:2] + (ends - moving.value[:2]) / batches
            moving.assign(ops.append(moved, batches))
        low, high, _ = ops.unstack(moving.value)
        within = ops.clip(x, low, high)
        return within + ops.stop_gradient(_rounded(x, low, high) - within)

    def kernel(self, kernel: Any) -> Any:
        """The kernel as the file holds it."""
        largest = ops.max(ops.abs(kernel), axis=self.kernel_axes, keepdims=True)
        step = ops.maximum(largest, 1e-9) / 127
        integers = kernel / step
        if self.recipe == "int8":
            integers = ops.round(integers)
        else:
            integers = ops.sign(integers) * ops.floor(ops.abs(integers) + 0.5)
        return kernel + ops.stop_gradient(integers * step - kernel)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "recipe": self.recipe,
            "kernel_axes": self.kernel_axes,
            "rounds_output": self.rounds_output,
            "dynamic": self.dynamic,
            "memory": self.memory,
        }


def _ends(x: Any, axis: tuple[int, ...] | None = None) -> tuple[Any, Any]:
    """Minimum and maximum with zero, which pads, and which every range of a file holds."""
    keep = axis is not None
    low, high = (of(x, axis=axis, keepdims=keep) for of in (ops.min, ops.max))
    return ops.minimum(low, 0.0), ops.maximum(high, 0.0)


def _rounded(x: Any, low: Any, high: Any) -> Any:
    """The nearest of the 256 values from `low` to `high`, one of which is zero."""
    step = ops.maximum(high - low, 1e-9) / 255
    zero = ops.round(-128 - low / step)
    return (ops.clip(ops.round(x / step) + zero, -128, 127) - zero) * step


def _best_range(x: Any) -> Any:
    """The range, a part of that from minimum to maximum, whose rounding errs least."""
    low, high = _ends(x)
    # Enough to judge by, of a large map.
    some = ops.reshape(x[:, ::_STRIDE, ::_STRIDE], (-1, 1))
    parts = ops.convert_to_tensor(_PARTS, x.dtype)
    errors = ops.mean(ops.square(_rounded(some, low * parts, high * parts) - some), axis=0)
    return ops.stack([low, high]) * parts[ops.argmin(errors)]


def stays_float(block: str, width: int) -> str | None:
    """Tells why `int8` leaves the convolutions of a block in float.

    Args:
        block: Name of the block, as a layer of the network.
        width: Width of the network.

    Returns:
        The reason; `None` where they become integer.

    Example:
    >>> stays_float("stage1_encoder0", width=8)
    'at full resolution, too narrow for 8 bits to be faster'
    >>> stays_float("stage1_encoder0", width=16)
    """
    if block in FULL_RESOLUTION_LAYERS and width < _FEWEST_INTEGER_CHANNELS:
        return "at full resolution, too narrow for 8 bits to be faster"
    return FLOAT_LAYERS.get(block)


def fake_quantization(
    convolution: keras.layers.Layer, kernel_axes: tuple[int, ...]
) -> FakeQuantization | None:
    """What rounds around a convolution under its dtype policy; `None` where it stays in float.

    Args:
        convolution: A built layer with a `kernel`.
        kernel_axes: Axes of the kernel that one output channel spans.

    Returns:
        A layer that the convolution is to own.
    """
    recipe = getattr(convolution.dtype_policy, "quantization_recipe", None)
    block, *_, name = f"{convolution.path}/{convolution.name}".split("/")
    # Of blocks at full resolution every convolution has as many filters as the network is wide.
    if recipe is None or (recipe == "int8" and stays_float(block, convolution.filters)):
        return None
    if recipe == "int8_dynamic":
        size = _TO_IMAGE.get(name, 1) * float(ops.size(convolution.kernel))
        # These two are one kernel each in the file, the product of both.
        if size < _FEWEST_DYNAMIC or name in ("stage2_input", "stage2_mix"):
            return None
    return FakeQuantization(
        recipe,
        kernel_axes,
        rounds_output="_down" not in name,
        dynamic=block in FULL_RESOLUTION_LAYERS,
        name="integers",
    )
