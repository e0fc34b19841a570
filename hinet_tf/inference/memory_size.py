"""Sizes of memory as people write them."""

import argparse
import re

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}


def memory_size(text: str) -> int:
    """Reads a size such as `2G`, `512M` or `1.5GB` as bytes.

    Args:
        text: A number and an optional unit of K, M or G.

    Returns:
        The number of bytes.

    Raises:
        argparse.ArgumentTypeError: If it is not such a size, for use as an argument's `type`.

    Example:
    >>> memory_size("512M")
    536870912
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if not match or float(match[1]) == 0:
        raise argparse.ArgumentTypeError(f"expected a size such as 2G or 512M, received {text!r}")
    return int(float(match[1]) * _UNITS[match[2].upper()])
