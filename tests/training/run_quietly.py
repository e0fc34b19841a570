"""Runs the training command, its output in a file; `runpy.run_path` gives `arguments`, `log`."""

import os

from hinet_tf.commands.train import main

file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)  # noqa: F821
for stream in (1, 2):
    os.dup2(file, stream)
raise SystemExit(main(arguments))  # noqa: F821
