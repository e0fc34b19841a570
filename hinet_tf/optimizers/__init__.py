"""The optimizer and the schedule of the paper, right under every distribution strategy."""

from hinet_tf.optimizers.adam import Adam
from hinet_tf.optimizers.cosine_decay import CosineDecay
from hinet_tf.optimizers.loss_scaled_adam import LossScaledAdam

__all__ = ["Adam", "CosineDecay", "LossScaledAdam"]
