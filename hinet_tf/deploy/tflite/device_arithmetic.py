"""Running a .tflite file as phones compute: in float16, and on a GPU."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hinet_tf.deploy.tflite.conversion import signature_name

_SECONDS = 600


def restore_on_device(
    device: str, content: bytes, images: Sequence[np.ndarray]
) -> list[np.ndarray] | str:
    """Restores images of one size on a device that must run every operator.

    Args:
        device: `"float16"` for the processor computing in float16, emulated where it cannot, or
            `"gpu"` for a Vulkan device.
        content: The file.
        images: Images `(height, width, channels)` of the file's type.

    Returns:
        The restored images, or in one line why there are none.
    """
    probe = [sys.executable, "-m", "hinet_tf.deploy.tflite.device_probe", device]
    try:
        return restore_by_program(probe, content, images, _SECONDS)
    except subprocess.TimeoutExpired:
        return f"no result after {_SECONDS} s"
    except subprocess.CalledProcessError as error:
        errors = [line for line in error.stderr.splitlines() if line.startswith("ERROR")]
        return errors[0][:160] if errors else "an operator is refused"


def restore_by_program(
    program: Sequence[str | Path], content: bytes, images: Sequence[np.ndarray], seconds: int
) -> list[np.ndarray]:
    """Restores images of one size by a program that is called `... FILE SIGNATURE IN.npy OUT.npy`.

    Raises:
        subprocess.SubprocessError: If it fails, or takes longer than so many seconds.
    """
    with tempfile.TemporaryDirectory() as directory:
        file, source, target = (Path(directory, name) for name in ("f.tflite", "i.npy", "o.npy"))
        file.write_bytes(content)
        np.save(source, images)
        command = [*program, file, signature_name(images[0].shape[:2]), source, target]
        subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds)
        return list(np.load(target))


def has_vulkan() -> bool:
    """Whether the environment names a Vulkan driver for the GPU check to use."""
    return any(os.environ.get(name) for name in ("VK_ICD_FILENAMES", "VK_DRIVER_FILES"))
