"""A preset that is none: a small network, so that tests do not wait for presets to ship."""

import pytest

from hinet_tf.models import HINet
from hinet_tf.models.presets import registry, write_preset
from hinet_tf.models.presets.registry import REQUIRED


def card_of(name, task="denoise", **changes):
    config = {"width": 4, "depth": 3, "hin_levels": [1, 2], "channels": 3}
    known = {
        "name": name,
        "task": task,
        "scale": 0.0625,
        "config": config,
        "license": "MIT",
        "training_data": [{"name": "photos", "license": "CC0"}],
    }
    return dict.fromkeys(REQUIRED) | known | changes


@pytest.fixture
def network():
    return HINet(width=4, depth=3, hin_levels=(1, 2))


@pytest.fixture
def shipped(tmp_path, network, monkeypatch):
    """A package folder with the presets `denoise_small` and `derain_small`."""
    folder = tmp_path / "package"
    write_preset(folder, card_of("denoise_small"), network)
    write_preset(folder, card_of("derain_small", "derain"), network)
    monkeypatch.setattr(registry, "FOLDER", folder)
    return folder
