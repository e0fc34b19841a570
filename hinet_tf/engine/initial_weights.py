"""Starting a training from weights instead of from chance."""

import logging
from collections.abc import Iterable

import keras

from hinet_tf.models import HINet, open_model

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
        ValueError: If there are none, they cannot be read, or are of another architecture (the
            message names both values).
    """
    model = open_model(source)
    if not isinstance(model, HINet):
        raise ValueError(
            f"{source} holds {_kind(model)}; expected a HINet as a .keras model, an official .pth "
            "checkpoint, a preset or the directory of a training."
        )
    remedies = {
        "width": f"Use --scale {model.width / 64:g}.",
        "depth": f"Use --set depth={model.depth}.",
        "channels": "Start from other weights.",
    }
    for key, remedy in remedies.items():
        ours, theirs = getattr(network, key), getattr(model, key)
        if ours != theirs:
            raise ValueError(
                f"{source} holds a HINet with {key}={theirs}; this training has {key}={ours}. "
                f"{remedy}"
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


def _kind(model: object) -> str:
    return f"a {type(model).__name__}" if isinstance(model, keras.Model) else "an exported model"
