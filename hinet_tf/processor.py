"""What this machine computes fast in."""

import importlib.util
import os
from pathlib import Path

_CONTROL_GROUP = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """Number of processor cores that this process may use."""
    # macOS and Windows do not tell which ones.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def usable_memory() -> int:
    """Bytes of memory that this process may use: the machine's, or those of its container."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    # Control groups of version 2 and of version 1, as a container sees its own.
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        limit = _CONTROL_GROUP / name
        if limit.is_file() and (text := limit.read_text().strip()).isdecimal():
            memory = min(memory, int(text))
    return memory


def has_amx() -> bool:
    """Whether the processor multiplies bfloat16 matrices in hardware (Intel AMX; on Linux)."""
    facts = Path("/proc/cpuinfo")
    return facts.is_file() and "amx_bf16" in facts.read_text()


def has_gpu() -> bool:
    """Whether the driver of an NVIDIA GPU is loaded, found without TensorFlow."""
    return Path("/dev/nvidiactl").exists()


def fastest_precision() -> str:
    """The faster arithmetic of networks whose results agree to 0.01 dB.

    Returns:
        `"bfloat16"` for a GPU of compute capability 8.0 and more, or a processor with AMX, where
        it is twice as fast; else `"float32"`: without hardware for it, bfloat16 is slower. Where
        TensorFlow is not installed, nobody is asked what the GPU can.

    Example:
    >>> fastest_precision() in ("float32", "bfloat16")
    True
    """
    if has_gpu() and importlib.util.find_spec("tensorflow"):
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        details = map(tf.config.experimental.get_device_details, gpus)
        found = [gpu.get("compute_capability", (0, 0)) for gpu in details]
        if found:
            return "bfloat16" if min(found) >= (8, 0) else "float32"
    return "bfloat16" if has_amx() else "float32"
