"""Restores images by LiteRT's interpreter; runs in an emulated ARM64 Python, without this package.

python3.11 arm64_probe.py FILE SIGNATURE IN.npy OUT.npy
"""

import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter


def main(argv: list[str]) -> None:
    """Writes what the file made of each image."""
    file, signature, source, target = argv
    # An emulated process has one processor; more threads would only wait for one another.
    runner = Interpreter(model_path=file, num_threads=1).get_signature_runner(signature)
    (name,) = runner.get_input_details()
    (output,) = runner.get_output_details()
    images = np.load(source)
    np.save(target, np.stack([runner(**{name: image[None]})[output][0] for image in images]))


if __name__ == "__main__":
    main(sys.argv[1:])
