"""What happens between two steps of a training, as Keras callbacks."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "count_steps": ["CountSteps"],
        "metrics_log": ["MetricsLog"],
        "progress_bar": ["ProgressBar"],
        "save_checkpoints": ["SaveCheckpoints"],
        "stop_on_divergence": ["StopOnDivergence"],
        "stop_on_signal": ["StopOnSignal"],
        "validate": ["Validate"],
    },
)
