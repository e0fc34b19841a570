"""Trains HINet: denoising, deblurring, deraining or removal of JPEG artefacts.

    python training/train.py --task denoise --data DIR --scale 0.25 --run runs/mine

The same as `hinet train`; --help lists the options.
"""

from hinet_tf.commands.train import main

if __name__ == "__main__":
    raise SystemExit(main())
