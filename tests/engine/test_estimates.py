"""The closed form of the cost against the convolutions of the graph itself."""

import math
import os

import pytest
import tensorflow as tf

from hinet_tf import HINet, processor
from hinet_tf.data.sources.cache import cache_memory
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


def test_memory_is_that_of_the_container(tmp_path, monkeypatch):
    monkeypatch.setattr(processor, "_CONTROL_GROUP", tmp_path)
    machine = processor.usable_memory()
    assert machine == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    (tmp_path / "memory.max").write_text("max\n")
    assert processor.usable_memory() == machine
    (tmp_path / "memory.max").write_text("123456789\n")
    assert processor.usable_memory() == 123_456_789
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    assert processor.usable_memory() == 123_456_789
    assert cache_memory() == 24_691_357
