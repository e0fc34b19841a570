"""HINet: two U-Nets in a row that restore an image (Chen et al., CVPR Workshops 2021)."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

import keras
from keras import ops

from hinet_tf.layers import (
    Convolution,
    CrossStageFusion,
    DecoderBlock,
    EncoderBlock,
    SupervisedAttention,
)
from hinet_tf.models.graph_config import graph_config, is_graph
from hinet_tf.models.hinet_arguments import (
    check_data,
    check_number,
    check_size,
    local_windows,
    refuse_more,
    validated_levels,
)
from hinet_tf.models.two_stage_model import TwoStageModel


class _ClassProperty(property):
    """A property of the class itself."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self.fget(owner)


@keras.saving.register_keras_serializable(package="hinet_tf")
class HINet(TwoStageModel):
    """The Half Instance Normalization Network, for any image size that halves `depth - 1` times.

    A first U-Net restores the image; supervised attention hands its features, and cross-stage
    fusion its encoder and decoder maps, to a second U-Net that restores it better. Both
    images are outputs, and training with one target supervises both: the loss is the sum over
    the two stages, metrics look at the final image. Without `metrics`, `compile` adds `PSNR`.
    Losses, weights, metrics and targets by output name work too, see `TwoStageModel`.

    Parameters at width `w`, depth 5, all levels normalized: `21639 w² + 568 w + 6`
    (88,669,702 at 64). Multiply-adds per pixel: `585 w² + 135 w` (157.6 G for 256x256 at 64;
    the 170.7 G in the literature counts transposed convolutions at their output's size).

    Args:
        width: Channels of the first level; each deeper level doubles them. The paper's "HINet
            s×" is `width=64*s`. Defaults to 64.
        depth: Number of levels, at least 2. Defaults to 5.
        hin_levels: Encoder levels (0 is full resolution) with half instance normalization.
            `None` for all, as for denoising and deraining; deblurring uses `(3, 4)`
            (`hin_position_left/right` of the official option files).
        channels: Channels of the image: 3 for RGB, 1 for gray.
        negative_slope: Slope of the leaky ReLUs below zero. Defaults to 0.2.
        norm: `"instance"` for statistics over the whole image, `"local"` over a window around
            each pixel (TLC; same weights, for inference on images larger than the patches the
            model was trained on, see `to_local`).
        local_train_size: Side of the training patches in pixels, for `norm="local"`.
        local_ratio: Side of the window as a multiple of `local_train_size`. Defaults to 1.5
            (`base_size` of the official TLC option files: 384 for patches of 256).
        dtype: Keras dtype policy such as `"mixed_bfloat16"`; `None` for the global policy. In
            bfloat16 the convolutions of the image itself stay in float32.
        name: Name of the model.

    Input shape: `(batch, height, width, channels)`, RGB in [0, 1]; height and width multiples
        of `2**(depth - 1)`.
    Output shape: `{"stage1": ..., "restored": ...}`, each of the input's shape, float32,
        unclipped.

    Raises:
        ValueError: If an argument is out of range, or the model is called on a static size
            that is not a multiple of `2**(depth - 1)`.

    Example:
    >>> model = HINet(width=16)
    >>> model(keras.ops.ones((1, 32, 32, 3)))["restored"].shape
    TensorShape([1, 32, 32, 3])
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        # A clone whose layers were exchanged for others is whatever model they make.
        if is_graph(args) and graph_config(graph := keras.Model(*args, **kwargs)) is None:
            return graph
        return super().__new__(cls, *args, **kwargs)

    def __init__(
        self,
        width: int = 64,
        depth: int = 5,
        hin_levels: Iterable[int] | None = None,
        channels: int = 3,
        negative_slope: float = 0.2,
        norm: str = "instance",
        local_train_size: int = 256,
        local_ratio: float = 1.5,
        dtype: Any = None,
        name: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if is_graph((width, depth)):
            # `keras.models.clone_model` makes the class it was given only where the constructor
            # takes `*args` and `**kwargs`; it calls it with inputs and outputs.
            super().__init__(inputs=width, outputs=depth, name=name)
            self._set_config(**graph_config(self))
            return
        refuse_more(args, kwargs)
        hin_levels = validated_levels(width, depth, hin_levels, channels)
        if norm not in ("instance", "local"):
            raise ValueError(f"`norm` must be 'instance' or 'local'. Received: norm={norm!r}")
        check_number("negative_slope", negative_slope)
        windows = local_windows(local_train_size, local_ratio, depth)
        policy = keras.dtype_policies.get(dtype or keras.config.dtype_policy())

        # The eight bits of bfloat16 hold the levels of a bright pixel and not its noise.
        image_policy = "float32" if policy.compute_dtype == "bfloat16" else policy

        # === Layers ===
        def convolution(filters: int, name: str, dtype: Any = policy, **kwargs: Any) -> Convolution:
            return Convolution(filters, dtype=dtype, name=name, **kwargs)

        def encode(x: Any, stage: str, fused: list[Any] | None = None) -> tuple[Any, list[Any]]:
            skips = []
            for level in range(depth):
                filters = width * 2**level
                x = EncoderBlock(
                    filters,
                    norm=norm if level in hin_levels else None,
                    negative_slope=negative_slope,
                    window=windows[level] if norm == "local" and level in hin_levels else None,
                    dtype=policy,
                    name=f"{stage}_encoder{level}",
                )(x)
                if level == depth - 1:
                    break
                if fused:
                    x = keras.layers.Add(dtype=policy, name=f"{stage}_sum{level}")(
                        [x, fused[level]]
                    )
                skips.append(x)
                x = convolution(
                    filters, f"{stage}_down{level}", kernel_size=4, strides=2, use_bias=False
                )(x)
            return x, skips

        def decode(x: Any, skips: list[Any], stage: str) -> list[Any]:
            decoded = []
            for level in reversed(range(depth - 1)):
                bridge = convolution(width * 2**level, f"{stage}_skip{level}")(skips[level])
                x = DecoderBlock(
                    width * 2**level,
                    negative_slope=negative_slope,
                    dtype=policy,
                    name=f"{stage}_decoder{level}",
                )([x, bridge])
                decoded.insert(0, x)
            return decoded

        # === Functional Model ===
        image = keras.Input((None, None, channels), name="image", dtype="float32")
        x, encoded = encode(convolution(width, "stage1_input", image_policy)(image), "stage1")
        decoded = decode(x, encoded, "stage1")
        features, stage1 = SupervisedAttention(dtype=policy, name="attention")([decoded[0], image])

        x = keras.layers.Concatenate(dtype=policy, name="stage2_concat")(
            [convolution(width, "stage2_input", image_policy)(image), features]
        )
        x = convolution(width, "stage2_mix", kernel_size=1)(x)
        fused = [
            CrossStageFusion(width * 2**level, dtype=policy, name=f"fusion{level}")(
                [encoded[level], decoded[level]]
            )
            for level in range(depth - 1)
        ]
        decoded = decode(*encode(x, "stage2", fused), "stage2")
        correction = convolution(channels, "stage2_output")(decoded[0])
        # In float32, so that low precision rounds the correction and not the image.
        restored = keras.layers.Add(dtype="float32", name="restored")([correction, image])

        super().__init__(
            inputs=image,
            outputs={"stage1": stage1, "restored": restored},
            name=name or "hinet",
        )

        # === Config ===
        self._set_config(
            width=width,
            depth=depth,
            hin_levels=hin_levels,
            channels=channels,
            negative_slope=negative_slope,
            norm=norm,
            local_train_size=local_train_size,
            local_ratio=local_ratio,
            dtype=policy,
        )

    def _set_config(self, dtype: Any, **arguments: Any) -> None:
        # A functional model does not take `dtype`; training looks here for loss scaling.
        self.dtype_policy = dtype
        self._quantization = None
        for name, value in arguments.items():
            setattr(self, name, value)

    @_ClassProperty
    def presets(cls) -> dict[str, dict[str, Any]]:
        """The trained models in the box: name -> `{"metadata": {...}}`, as in keras-hub."""
        from hinet_tf.models.presets import preset_card, presets

        cards = {name: preset_card(name) for name in presets()}
        return {
            name: {
                "metadata": {
                    "description": card["intended_use"],
                    "params": card["parameters"],
                    "path": "hinet",
                    **{key: card[key] for key in ("task", "scale", "license", "sha256")},
                }
            }
            for name, card in cards.items()
        }

    @classmethod
    def from_preset(cls, name_or_dir: str | os.PathLike[str], **changes: Any) -> "HINet":
        """Builds a trained model; what is in the box or in a folder needs no network.

        Args:
            name_or_dir: A name in `hinet_tf.presets()`; a folder that `save_to_preset` wrote, or
                one with a preset's card and `.npz`; `hf://owner/name`, a revision appended with
                `@` or not; or `kaggle://owner/model/keras/variation`. The last two need
                `pip install 'hinet-tf[hub]'`, and stay in the cache of the hub's client.
            **changes: Arguments of the constructor that do not change the weights, such as
                `dtype="mixed_bfloat16"` or `name`.

        Returns:
            The model, with the weights in the dtype policy in force.

        Raises:
            ValueError: If there is no such preset, or its files are damaged.
            OSError: If a hub does not answer or refuses.

        Example:
        >>> HINet.from_preset("denoise_0.125x").width
        8
        """
        # Late: presets are built with this class.
        from hinet_tf.models.presets import load_preset

        return load_preset(name_or_dir, cls, **changes)

    def save_to_preset(self, preset_dir: str | os.PathLike[str], **facts: Any) -> None:
        """Saves config, weights and card in a folder that `from_preset` and the hubs take.

        `config.json` is the card, `model.safetensors` holds the weights in float32 under the
        official network's names and in its layout, `README.md` is the page that a hub shows.

        Args:
            preset_dir: The folder; a preset that it holds is replaced.
            **facts: What only you know, for the card: `task`, `license`, `training_data` (a list
                of `{"name", "license", ...}`), `intended_use`, `limits`, `scores`, `made_by`,
                `remarks`, `title`, and `name`, by default the folder's.

        Raises:
            ValueError: If a fact is unknown or of a wrong type, or the folder holds a
                `config.json` of something else.

        Example:
        >>> model = HINet(width=4, depth=2)
        >>> model.save_to_preset("my_denoiser", task="denoise", license="MIT")
        >>> HINet.from_preset("my_denoiser").width
        4
        """
        from hinet_tf.models.presets import save_preset

        save_preset(self, preset_dir, facts)

    @property
    def size_multiple(self) -> int:
        """What height and width of an image must be a multiple of, in pixels."""
        return 2 ** (self.depth - 1)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> dict[str, Any]:
        check_size(inputs.shape, self.size_multiple)
        return super().call(inputs, training=training, mask=mask)

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        check_size(inputs.shape, self.size_multiple)
        return super().compute_output_spec(inputs, *args, **kwargs)

    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Trains as `keras.Model.fit`."""
        check_data(x, self.size_multiple)
        # Of datasets and generators Keras warns that it will not shuffle them: by default it would.
        # Given by position, `shuffle` is the eighth argument behind `x`.
        if (hasattr(x, "element_spec") or hasattr(x, "__next__")) and len(args) < 8:
            kwargs.setdefault("shuffle", False)
        return super().fit(x, *args, **kwargs)

    def make_train_function(self, force: bool = False) -> Any:
        """Compiles the training step as `keras.Model`, in half the time on TensorFlow."""
        if keras.backend.backend() == "tensorflow" and not self.optimizer.built:
            # A step that makes the optimizer's variables is traced a second time without them.
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)
        return super().make_train_function(force)

    def evaluate(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Scores as `keras.Model.evaluate`."""
        check_data(x, self.size_multiple)
        return super().evaluate(x, *args, **kwargs)

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Restores as `keras.Model.predict`."""
        check_data(x, self.size_multiple)
        return super().predict(x, *args, **kwargs)

    def rebuilt(self, **changes: Any) -> "HINet":
        """Copies the model with other arguments and the same weights.

        Args:
            **changes: Arguments of the constructor that do not change the weights, such as
                `dtype="float32"` or `norm="local"`.

        Returns:
            A plain `HINet`, not compiled, with copies of the weights.

        Example:
        >>> HINet(width=4, dtype="mixed_bfloat16").rebuilt(dtype="float32").compute_dtype
        'float32'
        """
        # Asked of `HINet` itself: the model may be one that knows more for its training.
        copy = HINet.from_config({**HINet.get_config(self), **changes})
        values = {variable.path: variable.value for variable in self.weights}
        for variable in copy.weights:
            # Ranges of a quantized training come with the config.
            if variable.path in values:
                variable.assign(ops.convert_to_numpy(values[variable.path]))
        return copy

    @property
    def quantization(self) -> dict[str, Any] | None:
        """What a quantized training learned besides weights; `None` where there was none.

        Returns:
            `{"recipe": ..., "ranges": {...}}`: the recipe of `export_tflite` that was trained
            for and, for `int8`, the ends of what goes into each integer convolution and comes out
            of it: `"stage1_skip0/input": [low, high]`.
        """
        recipe = getattr(self.dtype_policy, "quantization_recipe", None)
        if recipe is None:
            return self._quantization
        ranges = {
            f"{path}/{tensor}": [float(end) for end in ops.convert_to_numpy(moving.value)[:2]]
            for path, tensor, moving in self._moving_ranges()
        }
        return {"recipe": recipe, "ranges": ranges}

    def _moving_ranges(self) -> Iterator[tuple[str, str, keras.Variable]]:
        for layer in self._flatten_layers():
            integers = getattr(layer, "integers", None)
            for tensor, moving in integers.ranges.items() if integers else ():
                yield layer.path, tensor, moving

    def get_config(self) -> dict[str, Any]:
        config = {
            "width": self.width,
            "depth": self.depth,
            "hin_levels": list(self.hin_levels),
            "channels": self.channels,
            "negative_slope": self.negative_slope,
            "norm": self.norm,
            "local_train_size": self.local_train_size,
            "local_ratio": self.local_ratio,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
            "name": self.name,
        }
        frozen = [layer.path for layer in self._flatten_layers() if not layer.trainable]
        more = {"frozen": frozen, "quantization": self.quantization}
        return config | {name: value for name, value in more.items() if value}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "HINet":
        """Builds the model that `get_config` describes, with fresh weights."""
        arguments = dict(config)
        frozen, quantization = set(arguments.pop("frozen", ())), arguments.pop("quantization", None)
        model = cls(**arguments)
        model._quantization = quantization
        for path, tensor, moving in model._moving_ranges():
            if ends := (quantization or {}).get("ranges", {}).get(f"{path}/{tensor}"):
                # As if they were of one batch.
                moving.assign([*ends, 1])
        if frozen:
            # A block comes before its parts, which it hands its own state on to.
            for layer in model._flatten_layers():
                layer.trainable = layer.path not in frozen
        return model


# Keras' older `.h5` format knows a model by its bare class name.
keras.saving.get_custom_objects()["HINet"] = HINet
