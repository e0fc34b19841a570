"""What this machine computes fast in."""

import importlib.util
import os
from pathlib import Path

_CONTROL_GROUP = Path("/sys/fs/cgroup")
_CORES = Path("/proc/cpuinfo")


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


def processor_facts() -> dict[str, str]:
    """What Linux tells of the first core, by name in lower case; empty on other systems."""
    facts: dict[str, str] = {}
    for line in _CORES.read_text().splitlines() if _CORES.is_file() else ():
        key, _, value = line.partition(":")
        facts.setdefault(key.strip().lower(), value.strip())
    return facts


def has_fast_bfloat16() -> bool:
    """Whether the processor multiplies in bfloat16 faster than in float32 (on Linux).

    That is with AMX, or with AVX-512-BF16 on AMD's Zen 4 and Zen 5 (families 25 and 26): 1.5 to 2
    times as fast. AVX-512-BF16 alone says nothing: on other processors that have it, bfloat16 took
    1.6 times as long as float32 (benchmarks/training.md).
    """
    facts = processor_facts()
    features = facts.get("flags", "").split()
    is_zen = facts.get("vendor_id") == "AuthenticAMD" and facts.get("cpu family") in ("25", "26")
    return "amx_bf16" in features or (is_zen and "avx512_bf16" in features)


def has_gpu() -> bool:
    """Whether the driver of an NVIDIA GPU is loaded, found without TensorFlow."""
    return Path("/dev/nvidiactl").exists()


def fastest_precision() -> str:
    """The faster arithmetic of networks whose results agree to about 0.02 dB.

    Returns:
        `"bfloat16"` for a GPU of compute capability 8.0 and more, or a processor
        that `has_fast_bfloat16`; else `"float32"`: without hardware for it, bfloat16 is slower.
        Where TensorFlow is not installed, nobody is asked what the GPU can.

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
    return "bfloat16" if has_fast_bfloat16() else "float32"
