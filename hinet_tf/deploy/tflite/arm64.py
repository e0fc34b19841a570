"""LiteRT on emulated ARM64 processors: the kernels that phones run, for their results alone."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hinet_tf.deploy.tflite.device_arithmetic import restore_by_program

VARIABLE = "HINET_ARM64"

# A core with neither float16 arithmetic nor dot products, one with both, and all that there is.
PROCESSORS = ("cortex-a53", "cortex-a76", "max")

_OLDEST = 10
_PROBE = Path(__file__).with_name("device_probe.py")
_SECONDS = 3600


class ARM64Emulator:
    """QEMU with an ARM64 Python and LiteRT's wheel for it, as `make test-arm` lays them out.

    The emulator computes what the processors compute, hundreds of times slower: results say
    whether kernels are right, times say nothing.

    Args:
        folder: The folder with `qemu-aarch64` and `sysroot`.

    Raises:
        ValueError: If the folder is no such folder, or the emulator is too old to compute right.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder).absolute()
        self._program = self.folder / "qemu-aarch64"
        self._sysroot = self.folder / "sysroot"
        if not self._program.is_file() or not self._sysroot.is_dir():
            raise ValueError(
                f"{VARIABLE} must name a folder with qemu-aarch64 and sysroot. Received: {folder}; "
                "`make test-arm` makes build/arm64."
            )
        answer = subprocess.run([self._program, "--version"], capture_output=True, text=True)
        version = re.search(r"version (\d+)\.[\d.]+", answer.stdout)
        if not version or int(version[1]) < _OLDEST:
            found = version[0] if version else "no version"
            raise ValueError(
                f"The emulator {self._program} is too old: it has {found}, and QEMU before "
                f"{_OLDEST} computes integer kernels wrong. Take qemu-user of Debian 13 or newer."
            )

    def restore(
        self, content: bytes, images: Sequence[np.ndarray], processor: str
    ) -> list[np.ndarray]:
        """Restores images of one size.

        Args:
            content: A `.tflite` file.
            images: Images `(height, width, channels)` of the file's type and one of its sizes.
            processor: One of `PROCESSORS`, or another that the emulator knows.

        Returns:
            The restored images.

        Raises:
            ValueError: If the emulated process fails; the message has its last line.
        """
        probe = [
            *(self._program, "-cpu", processor, "-L", self._sysroot),
            *("-E", f"PYTHONHOME={self._sysroot / 'usr'}"),
            *("-E", f"PYTHONPATH={self._sysroot / 'site'}"),
            *(self._sysroot / "usr" / "bin" / "python3.11", _PROBE, "interpreter"),
        ]
        try:
            return restore_by_program(probe, content, images, _SECONDS)
        except subprocess.CalledProcessError as error:
            reason = (error.stderr.strip().splitlines() or [f"exit code {error.returncode}"])[-1]
            raise ValueError(
                f"The file does not run on an emulated {processor}: {reason}"
            ) from error


def arm64_emulator() -> ARM64Emulator | None:
    """The emulator that the environment variable HINET_ARM64 names, if it is set.

    Raises:
        ValueError: If the variable names no usable emulator.
    """
    folder = os.environ.get(VARIABLE)
    return ARM64Emulator(folder) if folder else None
