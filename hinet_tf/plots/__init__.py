"""Pictures of what a training did."""

from hinet_tf.plots.before_after import before_after
from hinet_tf.plots.learning_curve import learning_curve

__all__ = ["before_after", "learning_curve"]
