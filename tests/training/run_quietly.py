"""Runs the training command without output; `arguments` is given by `runpy.run_path`."""

import os

from training.train import main

null = os.open(os.devnull, os.O_WRONLY)
for stream in (1, 2):
    os.dup2(null, stream)
raise SystemExit(main(arguments))  # noqa: F821
