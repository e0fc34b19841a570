"""Restores images as another device computes, in a process of its own.

    python device_probe.py {interpreter,float16,gpu} FILE SIGNATURE IN.npy OUT.npy

`interpreter` is LiteRT's plain one, for an emulated ARM64 Python, which has NumPy and LiteRT but
not this package. `float16` and `gpu` compute as a phone's processor or GPU, and are strict: an
operator that the delegate refuses fails the compilation instead of running elsewhere. A process of
its own, because a driver that crashes takes its process along, and because LiteRT logs to the end
of the process.
"""

import sys
from collections.abc import Callable

import numpy as np

# TFLITE_XNNPACK_DELEGATE_FLAG_FORCE_FP16 (LiteRT, xnnpack_delegate.h): emulated where the
# processor has no such arithmetic, and refused where an operator has no float16 form.
_FORCE_FLOAT16 = 0x4

Restore = Callable[[np.ndarray], np.ndarray]


def main(argv: list[str]) -> int:
    """Writes what the device restored; fails if it does not run every operator."""
    device, *model, source, target = argv
    restore = _interpreter(*model) if device == "interpreter" else _accelerated(device, *model)
    if restore is None:
        return 1
    np.save(target, [restore(image) for image in np.load(source)])
    return 0


def _interpreter(file: str, signature: str) -> Restore:
    from ai_edge_litert.interpreter import Interpreter

    # An emulated process has one processor; more threads would only wait for one another.
    runner = Interpreter(model_path=file, num_threads=1).get_signature_runner(signature)
    (name,) = runner.get_input_details()
    (output,) = runner.get_output_details()
    return lambda image: runner(**{name: image[None]})[output][0]


def _accelerated(device: str, file: str, signature: str) -> Restore | None:
    # Late: an emulated Python needs none of them.
    from ai_edge_litert.compiled_model import CompiledModel
    from ai_edge_litert.cpu_options import CpuOptions
    from ai_edge_litert.hardware_accelerator import HardwareAccelerator
    from ai_edge_litert.options import Options

    options = {
        "float16": Options(
            hardware_accelerators=HardwareAccelerator.CPU,
            cpu_options=CpuOptions(xnnpack_flags=_FORCE_FLOAT16),
        ),
        "gpu": Options(hardware_accelerators=HardwareAccelerator.GPU),
    }
    model = CompiledModel.from_file(file, options=options[device])
    if not model.is_fully_accelerated():
        return None
    index = model.get_signature_index(signature)
    inputs, outputs = model.create_input_buffers(index), model.create_output_buffers(index)

    def restore(image: np.ndarray) -> np.ndarray:
        inputs[0].write(image[None])
        model.run_by_index(index, inputs, outputs)
        return outputs[0].read(image.size, image.dtype.type).reshape(image.shape)

    return restore


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
