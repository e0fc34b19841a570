"""The trained network rewritten for deployment, weight for weight."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from hinet_tf.deploy.graph.blocks import (
    DeployableAttention,
    DeployableDecoderBlock,
    DeployableEncoderBlock,
)
from hinet_tf.deploy.graph.centered_half_instance_normalization import (
    SCALE,
    CenteredHalfInstanceNormalization,
)
from hinet_tf.deploy.graph.pointwise_addition import PointwiseAddition
from hinet_tf.deploy.graph.subpixel_convolution import SubpixelConvolution
from hinet_tf.layers import (
    DecoderBlock,
    EncoderBlock,
    QuantizedTrainingPolicy,
    SupervisedAttention,
)
from hinet_tf.models import HINet
from hinet_tf.models.keras_2 import kind_of
from hinet_tf.models.two_stage_model import OUTPUTS


def check_exportable(model: Any, output: str) -> None:
    """Refuses what is no built-in `HINet`, and an output that it has not."""
    if not isinstance(model, HINet):
        raise ValueError(
            f"Only a hinet_tf.HINet can be exported. Received: {kind_of(model)}. "
            "Load a model that hinet_tf trained or converted."
        )
    if output not in OUTPUTS:
        raise ValueError(f"`output` must be one of {OUTPUTS}. Received: output={output!r}")


def deployable_graph(
    model: HINet, output: str = "restored", largest_side: int | None = None
) -> keras.Model:
    """Rewrites a trained HINet into the graph that servers, phones and browsers run.

    The graph is the trained model's own, walked layer by layer with these exchanges, each exact
    up to the rounding of float32:

    - what the chosen output does not need is left out;
    - half instance normalization becomes `CenteredHalfInstanceNormalization`, which float16
      survives, and the convolution before it takes over the division by 16;
    - transposed convolutions, and the convolutions to an image, become `SubpixelConvolution`;
    - in front of stage 2, the convolution of the image is multiplied into the 1x1 convolution
      that mixes it with the features: one convolution and one concatenation less;
    - everything computes in float32, whatever the dtype policy of the training.

    Local statistics (`hinet_tf.to_local`) stay local. Where sizes are static (`largest_side` is
    given), they are pooled, or global where every image fits into the window.

    Args:
        model: A trained `HINet`.
        output: `"restored"`, or `"stage1"` for the first stage's image at 43 % of the cost.
        largest_side: Largest height or width that the graph will see, in pixels; `None` if
            unknown.

    Returns:
        A functional model from the image `(batch, height, width, channels)` to the restored
        image, one float32 tensor, with weights of its own.

    Raises:
        ValueError: If `model` is no built-in `HINet` or `output` is unknown.

    Example:
    >>> graph = deployable_graph(hinet_tf.HINet(width=8))
    >>> graph(keras.ops.ones((1, 32, 32, 3))).shape
    TensorShape([1, 32, 32, 3])
    """
    check_exportable(model, output)
    if isinstance(model.dtype_policy, QuantizedTrainingPolicy):
        # What rounds while it is trained owns variables that no file has.
        model = model.rebuilt(dtype="float32")
    needed = keras.Model(model.input, model.output[output], name="hinet")
    rewritten: dict[str, keras.layers.Layer] = {}

    def rewrite(layer: keras.layers.Layer) -> keras.layers.Layer:
        rewritten[layer.name] = _unbuilt(layer, largest_side)
        return rewritten[layer.name]

    graph = keras.models.clone_model(
        needed,
        input_tensors=keras.Input((None, None, model.channels), name="image", dtype="float32"),
        clone_function=rewrite,
    )
    for name, layer in rewritten.items():
        _assign(layer, needed.get_layer(name))
    if "stage2_mix" in rewritten:
        _fold_mix(rewritten, model)
    return graph


def deployed_ranges(
    graph: keras.Model, ranges: Mapping[str, Sequence[float]]
) -> dict[str, list[float]]:
    """The ranges of a quantized training as they are in the deployable graph.

    Args:
        graph: What `deployable_graph` returned.
        ranges: Those of `HINet.quantization`.

    Returns:
        The same, but for what the graph computes at a sixteenth of its size.
    """
    divided = {f"{layer.name}/conv_1/output" for layer in graph.layers if _is_centered(layer)}
    return {
        tensor: [end / SCALE if tensor in divided else end for end in ends]
        for tensor, ends in ranges.items()
    }


def _unbuilt(layer: keras.layers.Layer, largest_side: int | None) -> keras.layers.Layer:
    """A layer without weights that computes what `layer` does, in deployable form."""
    if layer.name == "stage2_concat":
        return PointwiseAddition(layer.output.shape[-1] // 2, name="stage2_concat", dtype="float32")
    if layer.name == "stage2_mix":
        return keras.layers.Identity(name="stage2_mix", dtype="float32")
    if layer.name == "stage2_output":
        return SubpixelConvolution(layer.filters, 4, 2, name="stage2_output", dtype="float32")
    config = {**layer.get_config(), "dtype": "float32"}
    if isinstance(layer, SupervisedAttention):
        return DeployableAttention.from_config(config)
    if isinstance(layer, DecoderBlock):
        return DeployableDecoderBlock.from_config(config)
    if isinstance(layer, EncoderBlock) and layer.norm == "local":
        if largest_side is None:
            return EncoderBlock.from_config(config)
        level = int(layer.name[-1])
        if largest_side >> level <= layer.window:
            config |= {"norm": "instance", "window": None}
    if isinstance(layer, EncoderBlock) and layer.norm:
        return DeployableEncoderBlock.from_config(config)
    return type(layer).from_config(config)


def _assign(layer: keras.layers.Layer, trained: keras.layers.Layer) -> None:
    """Fills a rewritten layer with the trained weights."""
    if isinstance(layer, DecoderBlock):
        layer.up.assign(trained.up)
        _assign(layer.block, trained.block)
    elif isinstance(layer, DeployableAttention):
        layer.image_conv.assign(trained.image_conv)
        layer.feature_conv.set_weights(trained.feature_conv.get_weights())
        layer.gate_conv.set_weights(trained.gate_conv.get_weights())
    elif isinstance(layer, SubpixelConvolution):
        layer.assign(trained)
    elif _is_centered(layer):
        layer.conv_1.set_weights([weight / SCALE for weight in trained.conv_1.get_weights()])
        layer.conv_2.set_weights(trained.conv_2.get_weights())
        layer.identity.set_weights(trained.identity.get_weights())
        layer.normalization.assign(trained.normalization)
    elif layer.name not in ("stage2_concat", "stage2_mix"):
        layer.set_weights(trained.get_weights())


def _is_centered(layer: keras.layers.Layer) -> bool:
    return isinstance(getattr(layer, "normalization", None), CenteredHalfInstanceNormalization)


def _fold_mix(rewritten: dict[str, keras.layers.Layer], model: HINet) -> None:
    """Multiplies `mix(concat(conv(image), features))` out: `conv'(image) + mix'(features)`."""
    kernel, bias, mix, mix_bias = (
        weight.astype(np.float64)
        for name in ("stage2_input", "stage2_mix")
        for weight in model.get_layer(name).get_weights()
    )
    of_image, of_features = np.split(mix[0, 0], 2)
    rewritten["stage2_input"].set_weights([kernel @ of_image, bias @ of_image + mix_bias])
    rewritten["stage2_concat"].set_weights([of_features[None, None]])
