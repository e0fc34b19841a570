"""What happens between two steps of a training, as Keras callbacks."""

from hinet_tf.engine.callbacks.count_steps import CountSteps
from hinet_tf.engine.callbacks.metrics_log import MetricsLog
from hinet_tf.engine.callbacks.progress_bar import ProgressBar
from hinet_tf.engine.callbacks.save_checkpoints import SaveCheckpoints
from hinet_tf.engine.callbacks.stop_on_divergence import StopOnDivergence
from hinet_tf.engine.callbacks.stop_on_signal import StopOnSignal
from hinet_tf.engine.callbacks.validate import Validate
from hinet_tf.engine.callbacks.wandb_logger import wandb_logger

__all__ = [
    "CountSteps",
    "MetricsLog",
    "ProgressBar",
    "SaveCheckpoints",
    "StopOnDivergence",
    "StopOnSignal",
    "Validate",
    "wandb_logger",
]
