"""From a Keras 3 HINet to its Keras 2 twin and back, weight for weight."""

import re
from typing import Any

import numpy as np

from hinet_tf.legacy.keras_2 import keras_2
from hinet_tf.legacy.network import twin_network


def to_tf_keras(model: Any, size: tuple[int, int] | None = None) -> Any:
    """Builds the Keras 2 twin of a HINet: same names of layers and weights, same images.

    The twin is a plain functional model of `tf_keras` that computes in float32. It trains with
    `hinet_tf.legacy.PSNRLoss` and one target, saves as `.h5`, `.keras` and SavedModel, and
    converts with `tf.lite.TFLiteConverter`.

    Args:
        model: A `hinet_tf.HINet` with statistics over the whole image.
        size: Static height and width in pixels, as some converters want them; `None` for any.

    Returns:
        The Keras 2 model, not compiled.

    Raises:
        ValueError: If `model` is no HINet of Keras 3, was modified, has local statistics, or
            `size` does not fit it.
        ImportError: If Keras 3 is not installed.
    """
    if isinstance(model, keras_2.Model):
        raise ValueError(
            "to_tf_keras takes a hinet_tf.HINet of Keras 3. Received: a Keras 2 model, "
            f"{model.name!r}. Use it as it is, or from_tf_keras for the way back."
        )
    hinet = _hinet_class()
    if not isinstance(model, hinet):
        raise ValueError(
            "to_tf_keras takes a hinet_tf.HINet. Received: "
            f"{type(model).__module__}.{type(model).__name__}. A network with exchanged layers has "
            "no twin; load a model that hinet_tf trained or converted."
        )
    if model.norm == "local":
        raise ValueError(
            "The Keras 2 twin has statistics over the whole image only. Received: norm='local'. "
            "Use to_tf_keras(model.rebuilt(norm='instance')); the weights are the same."
        )
    if size is not None and any(side < 1 or side % model.size_multiple for side in size):
        raise ValueError(
            f"`size` is a height and a width, multiples of {model.size_multiple}. Received: {size}."
        )
    twin = twin_network(
        model.width,
        model.depth,
        model.hin_levels,
        model.channels,
        model.negative_slope,
        model.name,
        size,
    )
    try:
        for weight in model.weights:
            _find(twin, weight.path).assign(weight.numpy())
        for layer in _layers(model):
            if not layer.trainable:
                _find(twin, layer.path).trainable = False
    except (AttributeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{_modified(model)} Its layers differ: {reason}") from error
    difference = _difference_of_images(model, twin, size)
    if difference > (1e-3 if model.compute_dtype == "float32" else 0.05):
        raise ValueError(
            f"{_modified(model)} With the same weights the twin's image differs by "
            f"{difference:.2g} of its range."
        )
    return twin


def from_tf_keras(twin: Any) -> Any:
    """Builds the Keras 3 HINet of a Keras 2 twin, such as one trained further or loaded.

    Args:
        twin: A model that `to_tf_keras` built, or such a model saved and loaded.

    Returns:
        A `hinet_tf.HINet` with copies of the weights, not compiled.

    Raises:
        ValueError: If `twin` is no Keras 2 model or not the twin of a HINet.
        ImportError: If Keras 3 is not installed.
    """
    hinet = _hinet_class()
    if isinstance(twin, hinet):
        raise ValueError(
            "from_tf_keras takes the Keras 2 twin of a HINet. Received: a hinet_tf.HINet of "
            f"Keras 3, {twin.name!r}. Use it as it is, or to_tf_keras for its twin."
        )
    if not isinstance(twin, keras_2.Model):
        raise ValueError(
            "from_tf_keras takes a model that to_tf_keras built. Received: "
            f"{type(twin).__module__}.{type(twin).__name__}. Load a saved twin with "
            "tf_keras.models.load_model first."
        )
    try:
        arguments = _arguments(twin)
        model = hinet(**arguments)
        unlike = _difference(twin, twin_network(name=twin.name, **arguments))
    except (AttributeError, KeyError, ValueError) as error:
        raise ValueError(
            f"{twin.name!r} is not the twin of a HINet: {error}. Expected: the layers that "
            "to_tf_keras makes, with any weights."
        ) from error
    if unlike:
        raise ValueError(
            f"{twin.name!r} is a modified twin: {unlike}. Expected: the layers that to_tf_keras "
            "makes, with any weights. Carry the weights over into such a twin, or stay in Keras 2."
        )
    for weight in model.weights:
        weight.assign(_find(twin, weight.path).numpy())
    for layer in _layers(model):
        layer.trainable = _find(twin, layer.path).trainable
    return model


def _hinet_class() -> Any:
    """The Keras 3 class; late, because Keras 2 environments have no Keras 3."""
    import keras

    if int(keras.__version__.split(".")[0]) < 3:
        raise ImportError(
            f"Twins are made where Keras 3 is. Found: Keras {keras.__version__}. Run to_tf_keras "
            "or from_tf_keras with Keras 3 and TensorFlow 2.21, and carry the .h5 file over."
        )
    from hinet_tf.models import HINet

    return HINet


def _layers(model: Any) -> list[Any]:
    """The layers with weights, blocks before their parts."""
    return [layer for layer in model._flatten_layers(include_self=False) if layer.weights]


def _modified(model: Any) -> str:
    return (
        f"The network {model.name!r} was modified, so that the twin does not compute the same. "
        "Expected: a HINet as it is built or loaded, with any weights."
    )


def _difference_of_images(model: Any, twin: Any, size: tuple[int, int] | None) -> float:
    """Largest difference on noise, as a share of the images' largest value."""
    height, width = size or 2 * (2 * model.size_multiple,)
    noise = np.random.default_rng(0).random((1, height, width, model.channels), np.float32)
    difference = largest = 0.0
    for name, image in model(noise).items():
        image = np.asarray(image)
        difference = max(difference, float(np.abs(twin(noise)[name] - image).max()))
        largest = max(largest, float(np.abs(image).max()))
    return difference / max(largest, 1.0)


def _find(twin: Any, path: str) -> Any:
    """The layer or weight of a twin under the path it has in Keras 3."""
    found, name = twin, ""
    for part in path.split("/"):
        name = f"{name}/{part}" if name else part
        found = found.get_layer(name) if hasattr(found, "get_layer") else getattr(found, part)
    return found


def _arguments(twin: Any) -> dict[str, Any]:
    levels = [int(m[1]) for x in twin.layers if (m := re.fullmatch(r"stage1_encoder(\d+)", x.name))]
    blocks = [twin.get_layer(f"stage1_encoder{level}") for level in range(len(levels))]
    if not blocks:
        raise ValueError("it has no layer stage1_encoder0")
    names = [{layer.name for layer in block.layers} for block in blocks]
    return {
        "width": twin.get_layer("stage1_input").filters,
        "depth": len(blocks),
        "hin_levels": tuple(
            level for level, block in enumerate(blocks) if f"{block.name}/norm" in names[level]
        ),
        "channels": twin.get_layer("image").output.shape[-1],
        # Kept as float32: 0.1 would come back as 0.10000000149.
        "negative_slope": float(f"{float(_find(twin, 'stage1_encoder0/relu_1').alpha):.7g}"),
    }


# What decides what a layer computes, beside its weights.
_SETTINGS = ("filters", "kernel_size", "strides", "padding", "dilation_rate", "use_bias")
_SETTINGS += ("groups", "activation", "alpha", "epsilon", "axis")


def _difference(twin: Any, expected: Any) -> str | None:
    """What the first layer that is unlike is, and how."""
    if list(twin.output_names) != list(expected.output_names):
        return f"its outputs are {twin.output_names}, not {expected.output_names}"
    found, wanted = _described(twin), _described(expected)
    for name in [*wanted, *found]:
        if name not in found:
            return f"layer {name} is missing"
        if name not in wanted:
            return f"layer {name} is new"
        if found[name] != wanted[name]:
            return f"layer {name} is {found[name]}, not {wanted[name]}"
    return None


def _described(model: Any) -> dict[str, tuple[Any, ...]]:
    """Class, settings and sources of each layer by its name, which is its path."""
    described = {}
    for entry in model.get_config()["layers"]:
        layer = model.get_layer(entry["name"])
        if isinstance(layer, keras_2.layers.InputLayer):
            continue
        settings = {}
        if isinstance(layer, keras_2.Model):
            described.update(_described(layer))
        else:
            config = layer.get_config()
            settings = {k: str(config[k]) for k in _SETTINGS if k in config}
        sources = [source[0] for node in entry["inbound_nodes"] for source in node]
        described[layer.name] = (type(layer).__name__, settings, sources)
    return described
