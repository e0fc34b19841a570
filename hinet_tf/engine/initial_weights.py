"""Starting a training from weights instead of from chance."""

import logging
import zipfile
from collections.abc import Iterable
from pathlib import Path

import keras

from hinet_tf.models import HINet, load_torch_checkpoint
from hinet_tf.models.presets import is_preset, presets

logger = logging.getLogger(__name__)


def load_initial_weights(network: HINet, source: str) -> None:
    """Puts the weights of another training into a network.

    Where only one of the two normalizes a level, its convolutions are taken all the same, so that
    a deblurring network (levels 3 and 4) can start from a denoiser (all levels); a warning says so.

    Args:
        network: The network to fill; made under its strategy's scope.
        source: A `.keras` model, an official `.pth` checkpoint, a preset, or a run directory,
            whose best model is taken.

    Raises:
        ValueError: If the weights are of another architecture (the message names both values),
            or a preset is damaged.
        FileNotFoundError: If there is no such file.
    """
    model = _open(source)
    for key in ("width", "depth", "channels"):
        ours, theirs = getattr(network, key), getattr(model, key)
        if ours != theirs:
            raise ValueError(
                f"{source} holds a HINet with {key}={theirs}; this training has {key}={ours}. "
                f"{_remedy(key, theirs)}"
            )
    origins = {variable.path: variable for variable in model.trainable_variables}
    for target in network.trainable_variables:
        if target.path in origins or "/norm/" not in target.path:
            target.assign(keras.ops.convert_to_numpy(origins[target.path].value))
    if network.hin_levels != model.hin_levels:
        logger.warning(
            "%s normalizes levels %s, this network %s: all weights are taken over but those of "
            "normalization that one of the two lacks.",
            source,
            _listed(model.hin_levels),
            _listed(network.hin_levels),
        )


def _listed(levels: Iterable[int]) -> str:
    return ", ".join(map(str, levels)) or "none"


def _open(source: str) -> HINet:
    if is_preset(source):
        return HINet.from_preset(source)
    path = Path(source)
    if path.is_dir():
        path = path / "best.keras"
    if not path.is_file():
        raise FileNotFoundError(
            f"No weights at {path}; expected a .keras model, an official .pth checkpoint, a run "
            f"directory with best.keras, or a preset: {', '.join(presets()) or '(none ships yet)'}."
        )
    return load_torch_checkpoint(path) if path.suffix == ".pth" else _load_keras(path)


def _load_keras(path: Path) -> HINet:
    try:
        model = keras.saving.load_model(path, compile=False)
    except (zipfile.BadZipFile, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no readable .keras model ({error}).") from error
    if not isinstance(model, HINet):
        raise ValueError(f"{path} holds a {type(model).__name__}; expected a HINet.")
    return model


def _remedy(key: str, value: object) -> str:
    if key == "width":
        return f"Use --scale {value / 64:g}."
    return "Start from other weights."
