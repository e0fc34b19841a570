"""Restores images as a phone's processor or GPU computes, in a process of its own.

    python -m hinet_tf.deploy.tflite.device_probe {float16,gpu} FILE SIGNATURE IN.npy OUT.npy

Strict: an operator that the delegate refuses fails the compilation instead of running elsewhere.
A process of its own, because a driver that crashes takes its process along, and because LiteRT
logs to the end of the process.
"""

import sys

import numpy as np
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.cpu_options import CpuOptions
from ai_edge_litert.hardware_accelerator import HardwareAccelerator
from ai_edge_litert.options import Options

# TFLITE_XNNPACK_DELEGATE_FLAG_FORCE_FP16 (LiteRT, xnnpack_delegate.h): emulated where the
# processor has no such arithmetic, and refused where an operator has no float16 form.
_FORCE_FLOAT16 = 0x4

DEVICES = {
    "float16": Options(
        hardware_accelerators=HardwareAccelerator.CPU,
        cpu_options=CpuOptions(xnnpack_flags=_FORCE_FLOAT16),
    ),
    "gpu": Options(hardware_accelerators=HardwareAccelerator.GPU),
}


def main(argv: list[str]) -> int:
    """Writes what the device restored; fails if it does not run every operator."""
    device, file, signature, source, target = argv
    model = CompiledModel.from_file(file, options=DEVICES[device])
    if not model.is_fully_accelerated():
        return 1
    index = model.get_signature_index(signature)
    inputs, outputs = model.create_input_buffers(index), model.create_output_buffers(index)
    restored = []
    for image in np.load(source):
        inputs[0].write(image[None])
        model.run_by_index(index, inputs, outputs)
        restored.append(outputs[0].read(image.size, image.dtype.type).reshape(image.shape))
    np.save(target, restored)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
