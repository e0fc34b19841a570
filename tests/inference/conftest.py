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
    """Two channels wide, and close to the identity, as a trained restorer is."""
    model = HINet(width=2)
    for name in ("stage2_output",):
        layer = model.get_layer(name)
        layer.set_weights([0.1 * weight for weight in layer.get_weights()])
    return model
