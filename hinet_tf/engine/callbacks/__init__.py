"""What happens between two steps of a training, as Keras callbacks.

Names are loaded when they are first used: some of them need TensorFlow, and a training without it
shows the same progress bar.
"""

import importlib
from typing import Any

_HOMES = {
    "CountSteps": "count_steps",
    "MetricsLog": "metrics_log",
    "ProgressBar": "progress_bar",
    "SaveCheckpoints": "save_checkpoints",
    "StopOnDivergence": "stop_on_divergence",
    "StopOnSignal": "stop_on_signal",
    "Validate": "validate",
    "wandb_metrics": "wandb_logger",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
