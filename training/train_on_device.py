"""Trains HINet on one accelerator with JAX, without TensorFlow.

    python training/train_on_device.py --task denoise --data DIR --precision bfloat16

The same as `hinet train-on-device`; --help lists the options.
"""

from hinet_tf.commands.train_on_device import main

if __name__ == "__main__":
    raise SystemExit(main())
