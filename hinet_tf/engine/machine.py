"""What a training runs on, in words."""

import platform
from importlib.metadata import version

import keras

from hinet_tf import __version__
from hinet_tf.processor import processor_facts, usable_cores

# Of the flags in Linux' /proc/cpuinfo, those that decide how fast convolutions are.
_FEATURES = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_bf16": "AVX-512-BF16",
    "amx_tile": "AMX",
    "asimd": "NEON",
}
_PACKAGES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "Torch"}


def describe_machine() -> str:
    """Names the processors, or the accelerators if there are any, and the software.

    Example:
    >>> describe_machine().count("Keras")
    1
    """
    backend = keras.backend.backend()
    packages = " and ".join(
        f"{name} {version(name.lower())}" for name in ("Keras", _PACKAGES.get(backend, "NumPy"))
    )
    return f"{_accelerators(backend) or _processor()}; {packages}, hinet-tf {__version__}"


def _accelerators(backend: str) -> str:
    if backend == "jax":
        import jax

        names = [device.device_kind for device in jax.devices() if device.platform != "cpu"]
    elif backend == "tensorflow":
        import tensorflow as tf

        details = tf.config.experimental.get_device_details
        devices = tf.config.list_physical_devices("GPU")
        names = [details(device).get("device_name", "GPU") for device in devices]
    else:
        names = []
    return f"{len(names)} × {names[0]}" if names else ""


def _processor() -> str:
    """Model, cores and vector units, as far as the system tells."""
    facts = processor_facts()
    name = facts.get("model name") or platform.processor() or platform.machine()
    flags = (facts.get("flags") or facts.get("features") or "").split()
    features = [text for flag, text in _FEATURES.items() if flag in flags]
    return ", ".join([name, f"{usable_cores()} cores", *features])
