"""What runs the network: TensorFlow, LiteRT or OpenVINO, behind one small interface."""

from hinet_tf.inference.engines.engine import Engine
from hinet_tf.inference.engines.selection import ENGINES, open_engine

__all__ = ["ENGINES", "Engine", "open_engine"]
