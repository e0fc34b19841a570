"""Which operators of a .tflite file take the time."""

import copy
from collections import defaultdict
from typing import Any

import numpy as np
from ai_edge_litert.tools import flatbuffer_utils

from hinet_tf.deploy.benchmark.latency import measure_latencies
from hinet_tf.inference.engines.litert import allocated_interpreter


def operator_times(content: bytes, num_threads: int, runs: int = 5) -> dict[str, float]:
    """Times every operator of the first signature alone, and adds up by kind.

    LiteRT's Python package cannot profile. A file with one operator in it can be timed; what it
    misses is what XNNPACK gains by seeing its neighbours, so read the shares.

    Args:
        content: The file.
        num_threads: Threads to use.
        runs: Runs of each operator, of which the median counts.

    Returns:
        Seconds of one image by kind of operator, longest first. Nothing for a file whose
        weights are unpacked to float32 when it is loaded (`float16`, `int8_weights`): it
        computes as the float32 file does.
    """
    # Unlike the schema's own reader, this one fetches buffers that lie behind the tables.
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    known: dict[tuple, float] = {}
    total: dict[str, float] = defaultdict(float)
    graph = model.subgraphs[0]
    for operator in graph.operators:
        kind = flatbuffer_utils.opcode_to_name(model, operator.opcodeIndex)
        shapes = [tuple(graph.tensors[i].shape) for i in (*operator.inputs, *operator.outputs)]
        key = (kind, *shapes)
        if kind == "DEQUANTIZE" and _is_constant(model, graph, operator.inputs[0]):
            return {}
        if key not in known:
            known[key] = _time_alone(model, operator, num_threads, runs)
        total[kind] += known[key]
    return dict(sorted(total.items(), key=lambda item: -item[1]))


def _time_alone(model: Any, operator: Any, num_threads: int, runs: int) -> float:
    content = bytes(flatbuffer_utils.convert_object_to_bytearray(_alone(model, operator)))
    interpreter = allocated_interpreter(content, num_threads)
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], np.ones(detail["shape"], detail["dtype"]))
    return measure_latencies({"alone": interpreter.invoke}, runs)["alone"][0]


def _alone(model: Any, operator: Any) -> Any:
    """A model of one operator, with the constants it needs and no other."""
    graph = model.subgraphs[0]
    operator = copy.copy(operator)
    used = sorted({int(i) for i in (*operator.inputs, *operator.outputs) if i >= 0})
    renumbered = {index: number for number, index in enumerate(used)} | {-1: -1}
    fed = [i for i in map(int, operator.inputs) if i >= 0 and not _is_constant(model, graph, i)]

    alone, subgraph = copy.copy(model), copy.copy(graph)
    alone.buffers, subgraph.tensors = [model.buffers[0]], []
    for index in used:
        tensor = copy.copy(graph.tensors[index])
        alone.buffers.append(model.buffers[tensor.buffer])
        tensor.buffer = len(alone.buffers) - 1
        subgraph.tensors.append(tensor)
    operator.inputs = np.array([renumbered[int(i)] for i in operator.inputs], np.int32)
    operator.outputs = np.array([renumbered[int(i)] for i in operator.outputs], np.int32)
    subgraph.operators = [operator]
    subgraph.inputs = np.array([renumbered[i] for i in dict.fromkeys(fed)], np.int32)
    subgraph.outputs = operator.outputs
    alone.subgraphs, alone.signatureDefs = [subgraph], []
    alone.metadata, alone.metadataBuffer = [], []
    return alone


def _is_constant(model: Any, graph: Any, index: int) -> bool:
    data = model.buffers[graph.tensors[index].buffer].data
    return data is not None and len(data) > 0
