"""Test-time local statistics for a trained model."""

from hinet_tf.models.hinet import HINet
from hinet_tf.models.keras_2 import kind_of


def to_local(model: HINet, train_size: int = 256, ratio: float = 1.5) -> HINet:
    """Converts a model to local statistics (TLC, Chu et al., ECCV 2022), weights unchanged.

    A network trained on patches normalizes a whole photo by statistics it has never seen. TLC
    takes them over a window of about the patch's size around each pixel; on the official GoPro
    model that is worth 0.37 dB (32.71 to 33.08 dB, published by the TLC authors). Images not
    larger than the window are restored as before.

    Args:
        model: A trained `HINet`.
        train_size: Side of the patches the model was trained on, in pixels.
        ratio: Side of the window as a multiple of `train_size`.

    Returns:
        A new model with copies of the weights.

    Raises:
        ValueError: If `model` is not a `HINet`, or the window vanishes at the deepest level.

    Example:
    >>> model = to_local(HINet(width=8))
    >>> model.norm
    'local'
    """
    if not isinstance(model, HINet):
        raise ValueError(
            f"`to_local` converts a HINet. Received: {kind_of(model)}. An exported model "
            "keeps the statistics it was exported with."
        )
    return model.rebuilt(norm="local", local_train_size=train_size, local_ratio=ratio)
