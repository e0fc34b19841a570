"""Small networks that the tests of this folder share."""

from pathlib import Path

import numpy as np
import pytest

from hinet_tf.models import HINet, load_torch_checkpoint

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="session")
def official() -> HINet:
    return load_torch_checkpoint(GOLDEN / "official_hinet_wf4_hin0-4.pth")


@pytest.fixture(scope="session")
def official_io() -> dict[str, np.ndarray]:
    with np.load(GOLDEN / "official_hinet_wf4_hin0-4_io.npz") as archive:
        return {key: archive[key].transpose(0, 2, 3, 1) for key in archive}


@pytest.fixture(scope="session")
def tiny() -> HINet:
    """Two channels wide, two levels deep, and close to the identity, as a trained restorer is."""
    return _near_identity(HINet(width=2, depth=2))


@pytest.fixture(scope="session")
def deep() -> HINet:
    """The same of five levels: its sides are padded as those of a file that does not say."""
    return _near_identity(HINet(width=2))


def _near_identity(model: HINet) -> HINet:
    layer = model.get_layer("stage2_output")
    layer.set_weights([0.1 * weight for weight in layer.get_weights()])
    return model
