"""Starting a training from weights instead of from chance."""

import zipfile
from pathlib import Path

import keras

from hinet_tf.models import HINet, load_torch_checkpoint
from hinet_tf.models.presets import is_preset, presets


def load_initial_weights(network: HINet, source: str) -> None:
    """Puts the weights of another training into a network.

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
    for key in ("width", "depth", "channels", "hin_levels"):
        ours, theirs = getattr(network, key), getattr(model, key)
        if ours != theirs:
            raise ValueError(
                f"{source} holds a HINet with {key}={theirs}; this training has {key}={ours}. "
                f"{_remedy(key, theirs)}"
            )
    for target, origin in zip(network.trainable_variables, model.trainable_variables, strict=True):
        target.assign(keras.ops.convert_to_numpy(origin.value))


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
    if key == "hin_levels":
        return f"Use --set hin_levels={','.join(map(str, value))}."
    return "Start from other weights."
