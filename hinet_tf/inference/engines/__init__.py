"""What runs the network: TensorFlow, LiteRT or OpenVINO, behind one small interface."""

from hinet_tf.inference.engines.engine import Engine
from hinet_tf.inference.engines.selection import open_engine

__all__ = ["Engine", "open_engine"]
