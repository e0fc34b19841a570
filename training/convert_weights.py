"""Converts official PyTorch weights of HINet into a Keras model file.

    python training/convert_weights.py --torch HINet-GoPro.pth --out hinet_gopro.keras

The same as `hinet convert`; --help lists the options.
"""

from hinet_tf.commands.convert import main

if __name__ == "__main__":
    raise SystemExit(main())
