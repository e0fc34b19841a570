"""HINet and everything that brings weights into it."""

from hinet_tf.models.hinet import HINet
from hinet_tf.models.local import to_local
from hinet_tf.models.torch_checkpoint import load_torch_checkpoint

__all__ = ["HINet", "load_torch_checkpoint", "to_local"]
