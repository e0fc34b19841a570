"""What a .tflite file is made of, and whether devices take it."""

from collections import Counter
from collections.abc import Iterator, Sequence

from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.tools import flatbuffer_utils

from hinet_tf.deploy.tflite.report import Check
from hinet_tf.inference.engines.litert import allocated_interpreter

# Operators that XNNPACK and the GPU delegates run whole (tensorflow/lite/delegates/xnnpack and
# gpu/common/model_builder.cc), and nothing else of this network's.
ALLOWED = frozenset(
    "ADD CONCATENATION CONV_2D DEPTH_TO_SPACE DEQUANTIZE LEAKY_RELU LOGISTIC MEAN MUL QUANTIZE "
    "RSQRT SUB".split()
)
# At the borders of a file whose images are uint8.
ALLOWED_UINT8 = frozenset({"CAST", "MINIMUM", "MAXIMUM", "RELU", "RELU_0_TO_1"})
# Local statistics over windows smaller than the image: processors only.
ALLOWED_LOCAL = frozenset({"AVERAGE_POOL_2D", "GATHER", "MAXIMUM", "STRIDED_SLICE", "RELU"})
# Operators, names and shapes of one signature, by bytes of a weight: up to 122 KB were seen in
# float files, 253 KB in integer files, which hold a scale and a zero point for each channel.
_GRAPH_BYTES = {4: 150_000, 2: 150_000, 1: 300_000}


def operators(content: bytes) -> Counter[str]:
    """Counts the operators of all signatures by name; own ones by the name they call themselves."""
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    names = [
        code.customCode.decode() if code.customCode else flatbuffer_utils.opcode_to_name(model, i)
        for i, code in enumerate(model.operatorCodes)
    ]
    return Counter(names[op.opcodeIndex] for graph in model.subgraphs for op in graph.operators)


def structure_checks(
    content: bytes, weights: int, weight_bytes: int, signatures: int, extra: frozenset[str]
) -> Iterator[Check]:
    """Checks operators, size and partitions.

    Args:
        content: The file.
        weights: Number of weights it must hold.
        weight_bytes: Bytes of each.
        signatures: Number of signatures that share them.
        extra: Operators allowed beside `ALLOWED`.
    """
    found = operators(content)
    forbidden = sorted(set(found) - ALLOWED - extra)
    yield Check(
        "built-in operators that delegates run",
        not forbidden,
        f"also {', '.join(forbidden)}" if forbidden else f"{len(found)} kinds, all on the list",
        "no variable, shape, custom or flex operator",
    )
    expected = weights * weight_bytes
    graph_bytes = _GRAPH_BYTES[weight_bytes]
    allowance = 0.03 * expected + signatures * graph_bytes
    yield Check(
        "file size",
        abs(len(content) - expected) <= allowance,
        f"{len(content):,} bytes",
        f"{weights:,} weights of {weight_bytes} bytes = {expected:,} within "
        f"3 % and {signatures} x {graph_bytes // 1000} KB for the graph",
    )


def partition_check(content: bytes, expected_outside: Sequence[str]) -> Check:
    """Checks that XNNPACK takes every signature in one piece.

    Args:
        content: The file.
        expected_outside: Operators that may stay outside, such as the casts of uint8 images.
    """
    passed, measured = True, set()
    for graph in _graphs_alone(content):
        partitions, outside = _delegated(allocated_interpreter(graph))
        unexpected = sorted(set(outside) - set(expected_outside))
        passed &= partitions == 1 and not unexpected
        found = str(partitions)
        if unexpected:
            found += f", outside: {', '.join(unexpected)}"
        measured.add(found)
    return Check(
        "XNNPACK partitions of each signature",
        passed,
        " and ".join(sorted(measured)),
        "1, no operator outside",
    )


def _graphs_alone(content: bytes) -> Iterator[bytes]:
    """A file for each signature: the interpreter shows the operators of the first graph only."""
    # Unlike the schema's own reader, this one fetches buffers that lie behind the tables.
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    graphs, model.signatureDefs = model.subgraphs, []
    for graph in graphs:
        model.subgraphs = [graph]
        yield bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _delegated(interpreter: Interpreter) -> tuple[int, list[str]]:
    """Number of partitions, and the operators that the interpreter still runs itself.

    The interpreter lists replaced operators too; an operator still runs if its output is not
    made inside a partition, which is so if a partition reads it or it is an output itself.
    """
    nodes = interpreter._get_ops_details()
    delegates = [node for node in nodes if node["op_name"] == "DELEGATE"]
    borders = {int(t) for node in delegates for t in node["inputs"]}
    made = {int(t) for node in delegates for t in node["outputs"]}
    borders |= {int(detail["index"]) for detail in interpreter.get_output_details()}
    outside = [
        node["op_name"]
        for node in nodes
        if node["op_name"] != "DELEGATE"
        and any(int(t) in borders and int(t) not in made for t in node["outputs"])
    ]
    return len(delegates), outside
