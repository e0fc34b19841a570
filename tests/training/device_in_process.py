"""Runs the training on JAX, command after command, where TensorFlow must not be imported.

python device_in_process.py '[["--task", ...], ...]'
"""

import json
import sys

from hinet_tf.commands.train_on_device import main

codes = [main(arguments) for arguments in json.loads(sys.argv[1])]
if sys.modules["tensorflow"] is not None or "tensorflow.python" in sys.modules:
    raise SystemExit("TensorFlow was imported")
raise SystemExit(max(codes))
