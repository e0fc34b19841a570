"""The closed form of the cost against the convolutions of the graph itself."""

import math

import pytest
import tensorflow as tf

from hinet_tf import HINet
from hinet_tf.engine.estimates import multiply_adds


def counted(model, side):
    """Multiply-adds of every convolution: taps and channels at each pixel that it works on."""
    image = tf.TensorSpec((1, side, side, 3), "float32")
    function = tf.function(lambda x: model(x)).get_concrete_function(image)
    graph = function.graph
    total = 0
    for operation in graph.get_operations():
        if operation.type == "Conv2D":
            pixels = operation.outputs[0].shape
        elif operation.type == "Conv2DBackpropInput":
            # A transposed convolution: its taps lie at each pixel that it enlarges.
            pixels = operation.inputs[2].shape
        else:
            continue
        total += math.prod(pixels[:3]) * math.prod(operation.inputs[1].shape)
    return total


@pytest.mark.parametrize("width, depth, side", [(4, 2, 16), (4, 5, 32), (8, 3, 16)])
def test_multiply_adds_are_those_of_the_graph(width, depth, side):
    assert multiply_adds(width, side, depth) == counted(HINet(width=width, depth=depth), side)
