"""The safetensors format: a header in JSON and raw numbers, nothing that could be executed.

The format is https://github.com/huggingface/safetensors#format; it takes NumPy and forty lines.
"""

import json
import math
from collections.abc import Mapping

import numpy as np

_DTYPES = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
# Of the format's own library.
_LARGEST_HEADER = 100_000_000


def safetensors_bytes(tensors: Mapping[str, np.ndarray]) -> bytes:
    """Writes arrays; the same arrays give the same bytes.

    Args:
        tensors: Name -> float16 or float32 array.

    Returns:
        The content of a `.safetensors` file.

    Example:
    >>> content = safetensors_bytes({"bias": np.ones(2, np.float32)})
    >>> parse_safetensors(content)["bias"]
    array([1., 1.], dtype=float32)
    """
    # The layout is PyTorch's, which is what readers look for under this word.
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    parts, end = [], 0
    for name, value in tensors.items():
        dtype = value.dtype.newbyteorder("<")
        parts.append(np.ascontiguousarray(value, dtype).tobytes())
        begin, end = end, end + len(parts[-1])
        header[name] = {
            "dtype": _NAMES[dtype],
            "shape": list(value.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])


def parse_safetensors(content: bytes) -> dict[str, np.ndarray]:
    """Reads arrays, after a check that the header describes the content to the last byte.

    Args:
        content: The content of a `.safetensors` file.

    Returns:
        Name -> float16 or float32 array.

    Raises:
        ValueError: If it is damaged, or holds other types of numbers.
    """
    size = int.from_bytes(content[:8], "little")
    if len(content) < 8 or size > min(len(content) - 8, _LARGEST_HEADER):
        raise ValueError("it ends within its header")
    try:
        header = json.loads(content[8 : 8 + size])
        header.pop("__metadata__", None)
        entries = [
            (name, e["dtype"], tuple(map(int, e["shape"])), *map(int, e["data_offsets"]))
            for name, e in header.items()
        ]
        if any(len(entry) != 5 for entry in entries):
            raise ValueError("data_offsets are two numbers")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"its header is no list of tensors ({error})") from error
    data, tensors, expected = memoryview(content)[8 + size :], {}, 0
    for name, dtype, shape, begin, end in sorted(entries, key=lambda entry: entry[3:]):
        if dtype not in _DTYPES:
            raise ValueError(f"{name} is of type {dtype}; expected {' or '.join(_DTYPES)}")
        claimed = math.prod(shape) * _DTYPES[dtype].itemsize
        if min(shape, default=0) < 0 or begin != expected or end - begin != claimed:
            raise ValueError(f"{name} lies elsewhere than its shape {list(shape)} says")
        if end > len(data):
            raise ValueError(f"it ends within {name}: {len(content):,} bytes of {8 + size + end:,}")
        tensors[name] = np.frombuffer(data[begin:end], _DTYPES[dtype]).reshape(shape)
        expected = end
    if expected != len(data):
        raise ValueError(f"{len(data) - expected:,} bytes belong to no tensor")
    return tensors
