"""A training recipe: every number that decides what a training does."""

import dataclasses
import json
import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hinet_tf.files import json_object

TASKS = ("denoise", "deblur", "derain", "dejpeg")
# Laws of the official data classes (basicsr/data/transforms.py of megvii-model/HINet):
# `augment` flips both axes and transposes with probability 1/2 each, which is uniform over the
# eight transforms; `random_augmentation`, used for SIDD only, does nothing half of the time and
# else draws one of the seven others.
AUGMENTATIONS = ("dihedral", "sidd", "none")
LOSSES = ("psnr", "l1")
PRECISIONS = ("float32", "bfloat16", "float16")
# Recipes of `hinet_tf.export_tflite` that compute in 8-bit integers; the others have nothing that
# a training could get used to.
QUANTIZED = ("int8_dynamic", "int8")
# Class in `hinet_tf.data`, and the keys of the recipe that are arguments of that name.
DEGRADATIONS = {
    "sensor_noise": ("SensorNoise", ()),
    "gaussian_noise": ("GaussianNoise", ("sigma",)),
    "blind_noise": ("BlindNoise", ("sigma",)),
    "photo_noise": ("PhotoNoise", ("sigma", "quality")),
    "camera_noise": ("CameraNoise", ()),
    "correlated_noise": ("CorrelatedNoise", ("sigma",)),
    "jpeg": ("JpegCompression", ("quality",)),
    "motion_blur": ("MotionBlur", ()),
    "photo_blur": ("PhotoBlur", ("quality",)),
    "rain": ("Rain", ()),
}


def _changeable(default: Any) -> Any:
    """A key that may differ between the first command of a run and the one that resumes it.

    None of them changes what a step computes, but for `steps`, which stretches the schedule on
    purpose.
    """
    return dataclasses.field(default=default, metadata={"may_change": True})


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a training does, all of it: the same recipe and data give the same network.

    The defaults are the paper's (Chen et al., 2021, section 4.1): both stages supervised by
    PSNR loss, Adam from 2e-4 to 1e-7 along a cosine, 4e5 iterations on 64 patches of 256x256
    with flips and rotations, gradients clipped at norm 0.01. A recipe is changed by
    `with_overrides`, travels as JSON, and lies resolved in every run directory.

    Args:
        task: What the network learns to remove: `"denoise"`, `"deblur"`, `"derain"`, `"dejpeg"`.
        scale: Size of the network, "HINet s×": `64 * scale` channels at full resolution.
        depth: Levels of each U-Net, the paper's 5; patches are multiples of `2 ** (depth - 1)`.
        hin_levels: Encoder levels with half instance normalization; `None` for all.
        data: `"builtin"`, a folder, or `tfds:NAME`; several with commas between.
        shares: Relative share of each data set in the batches; `None` for its number of images.
        degradation: What makes a degraded image from a clean one where the data has no pairs.
        sigma: Standard deviation of `"gaussian_noise"`, `"blind_noise"` and `"photo_noise"` in
            8-bit levels: one, or a range `low,high`.
        quality: JPEG quality of `"jpeg"`, `"photo_noise"` and `"photo_blur"`: one, or a range
            `low,high`.
        init: Weights to start from: a `.keras` model, an official `.pth` checkpoint, a preset or a
            run directory; `None` for PyTorch's default initialization.
        patch: Side of the training patches in pixels.
        batch: Pairs per step, over all devices and workers together.
        augmentation: `"dihedral"`, all eight flips and rotations alike; `"sidd"`, the official
            SIDD law (half of the patches stay as they are); `"none"`.
        loss: `"psnr"` or `"l1"`, summed over both stages.
        steps: Optimizer steps.
        learning_rate: Rate of the first step.
        final_learning_rate: Rate of the last step, absolute.
        warmup_steps: Steps of linear rise of the rate.
        beta_1: Adam's decay of the mean gradient.
        beta_2: Adam's decay of the mean squared gradient.
        clip_norm: Largest global norm of a step's gradient; `None` for no clip.
        ema: Decay of the moving average of the weights, such as 0.999; 0 for none. Where it is
            on, the average is what is validated and saved.
        quantize: `"int8_dynamic"` or `"int8"` to train with the rounding of that `.tflite` recipe,
            in float32; `None` for none.
        precision: `"float32"`, `"bfloat16"` or `"float16"` for the layers' arithmetic; weights
            and statistics stay float32.
        accumulate: Parts that each device splits its share of a batch into, to need less memory.
            The result is that of the whole batch.
        seed: Decides initial weights, order of images, crops and degradations.
        validate_every: Steps between validations; `None` for a twentieth of the run, between
            20 and 5,000.
        save_every: Steps between checkpoints; `None` for the same as `validate_every`.
        validation_images: Images to validate on, spread over the set; `None` for all.
        keep_every: Checkpoints at multiples of it are kept for good; `None` keeps the newest two.
        license: Licence of the weights, which exports carry; `None` for none stated.

    Raises:
        ValueError: If a value is out of range; the message names it.

    Example:
    >>> Recipe(task="denoise", scale=0.25).width
    16
    """

    task: str
    scale: float = 1.0
    depth: int = 5
    hin_levels: tuple[int, ...] | None = None
    data: str = "builtin"
    shares: tuple[float, ...] | None = None
    degradation: str = "sensor_noise"
    sigma: tuple[float, ...] = (25.0,)
    quality: tuple[int, ...] = (10, 60)
    init: str | None = None
    patch: int = 256
    batch: int = 64
    augmentation: str = "dihedral"
    loss: str = "psnr"
    steps: int = _changeable(400_000)
    learning_rate: float = 2e-4
    final_learning_rate: float = 1e-7
    warmup_steps: int = 0
    beta_1: float = 0.9
    beta_2: float = 0.99
    clip_norm: float | None = 0.01
    ema: float = 0.0
    quantize: str | None = None
    precision: str = "float32"
    accumulate: int = 1
    seed: int = 10
    validate_every: int | None = _changeable(None)
    save_every: int | None = _changeable(None)
    keep_every: int | None = _changeable(None)
    validation_images: int | None = _changeable(32)
    license: str | None = _changeable(None)

    def __post_init__(self) -> None:
        for key, (holds, expected) in self._conditions().items():
            if not holds:
                raise ValueError(f"`{key}` must be {expected}. Received: {getattr(self, key)!r}")

    def _conditions(self) -> dict[str, tuple[bool, str]]:
        counts = ("batch", "steps", "accumulate")
        intervals = ("validate_every", "save_every", "keep_every", "validation_images")
        return {
            "task": _choice(self.task, TASKS),
            **{key: (getattr(self, key) >= 1, "at least 1") for key in counts},
            **{
                key: (getattr(self, key) is None or getattr(self, key) >= 1, "at least 1, or none")
                for key in intervals
            },
            "scale": (
                1 / 32 <= self.scale <= 8 and (self.scale * 32).is_integer(),
                "a multiple of 1/32 up to 8",
            ),
            "depth": (2 <= self.depth <= 8, "between 2 and 8"),
            "hin_levels": (
                all(0 <= level < self.depth for level in self.hin_levels or ()),
                f"encoder levels between 0 and {self.depth - 1}",
            ),
            "learning_rate": (0 < self.learning_rate < 1, "between 0 and 1"),
            "beta_1": (0 <= self.beta_1 < 1, "at least 0 and less than 1"),
            "beta_2": (0 <= self.beta_2 < 1, "at least 0 and less than 1"),
            "patch": (
                self.patch > 0 and self.patch % self._multiple == 0,
                f"a multiple of {self._multiple}",
            ),
            "degradation": _choice(self.degradation, DEGRADATIONS),
            "augmentation": _choice(self.augmentation, AUGMENTATIONS),
            "loss": _choice(self.loss, LOSSES),
            "quantize": (
                self.quantize in (None, *QUANTIZED),
                f"a recipe of 8-bit integers, {' or '.join(QUANTIZED)}, or none",
            ),
            "precision": _choice(self.precision, PRECISIONS[: 1 if self.quantize else None]),
            "shares": (
                self.shares is None or all(share > 0 for share in self.shares),
                "positive numbers, one for each data set, or none",
            ),
            "sigma": (len(self.sigma) in (1, 2), "one number or a range low,high"),
            "quality": (len(self.quality) in (1, 2), "one number or a range low,high"),
            "final_learning_rate": (
                0 <= self.final_learning_rate <= self.learning_rate,
                f"between 0 and learning_rate ({self.learning_rate:g})",
            ),
            "warmup_steps": (
                0 <= self.warmup_steps <= self.steps,
                f"between 0 and steps ({self.steps})",
            ),
            "ema": (0 <= self.ema < 1, "at least 0 and less than 1"),
            "clip_norm": (self.clip_norm is None or self.clip_norm > 0, "positive, or none"),
        }

    @property
    def _multiple(self) -> int:
        # Small networks take the same patches as large ones.
        return max(16, 2 ** (self.depth - 1))

    @property
    def width(self) -> int:
        """Channels of the network's first level."""
        return round(64 * self.scale)

    @property
    def validation_interval(self) -> int:
        """Steps between validations: `validate_every`, or a twentieth of the run."""
        return self.validate_every or max(20, min(self.steps // 20, 5000))

    @property
    def save_interval(self) -> int:
        """Steps between checkpoints: `save_every`, or the validation interval."""
        return self.save_every or self.validation_interval

    @property
    def log_interval(self) -> int:
        """Steps between two records of the log: some 400 for a run, at most 200 apart."""
        return max(1, min(self.steps // 400, 200))

    @classmethod
    def fixed_keys(cls) -> tuple[str, ...]:
        """The keys that a run keeps from its first command on."""
        return tuple(
            field.name
            for field in dataclasses.fields(cls)
            if not field.metadata.get("may_change", False)
        )

    def replace(self, **changes: Any) -> "Recipe":
        """Returns the recipe with other values, checked again."""
        return dataclasses.replace(self, **changes)

    def with_overrides(self, overrides: Iterable[str]) -> "Recipe":
        """Returns the recipe with values given as text, as on the command line.

        Args:
            overrides: Texts of the form `key=value`; numbers of a range or list are separated
                by commas, and `none` stands for `None`.

        Returns:
            A new recipe.

        Raises:
            ValueError: If a key is unknown, or a value is not of the key's type.

        Example:
        >>> Recipe(task="deblur").with_overrides(["hin_levels=3,4", "steps=100"]).hin_levels
        (3, 4)
        """
        hints = typing.get_type_hints(Recipe)
        changes = {}
        for override in overrides:
            key, equals, text = override.partition("=")
            key = key.strip()
            if key in hints and not equals:
                raise ValueError(
                    f"{key} has no value; expected KEY=VALUE such as {key}={getattr(self, key)}"
                )
            if key not in hints:
                raise ValueError(
                    f"Unknown recipe key in {override!r}; expected KEY=VALUE with one of: "
                    f"{', '.join(hints)}"
                )
            changes[key] = _parse(key, text.strip(), hints[key])
        return self.replace(**changes)

    def to_json(self) -> str:
        """Returns the recipe as JSON text, one key per line."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Recipe":
        """Returns the recipe that `to_json` wrote.

        Args:
            text: JSON text.

        Returns:
            The recipe.

        Raises:
            ValueError: If the text is not JSON of a recipe.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        try:
            values = json_object(text)
            if unknown := values.keys() - known:
                raise ValueError(f"received {', '.join(sorted(unknown))}")
            if "task" not in values:
                raise ValueError("received none that names a task")
        except ValueError as error:
            raise ValueError(
                f"Not a recipe: {error}; expected keys among: {', '.join(sorted(known))}."
            ) from error
        try:
            return cls(**{key: tuple(v) if isinstance(v, list) else v for key, v in values.items()})
        except TypeError as error:
            raise ValueError(f"Not a recipe: a value is of a wrong type ({error}).") from error


def _choice(value: str, choices: Iterable[str]) -> tuple[bool, str]:
    return value in choices, f"one of {', '.join(choices)}"


def _parse(key: str, text: str, hint: Any) -> Any:
    """Turns text into a value of the type that the recipe declares for the key."""
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if text.lower() == "none" and type(None) in options:
        return None
    (kind,) = (option for option in options if option is not type(None))
    try:
        if typing.get_origin(kind) is tuple:
            element = typing.get_args(kind)[0]
            return tuple(element(part) for part in text.split(","))
        return kind(text)
    except ValueError:
        name = {int: "an integer", float: "a number"}.get(kind, "a comma-separated list")
        raise ValueError(f"`{key}` must be {name}. Received: {text!r}") from None
