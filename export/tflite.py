"""Exports a trained model as a verified .tflite file for phones and browsers.

    python export/tflite.py --model denoise.keras --out denoise.tflite

The same as `hinet export tflite`; --help lists the options.
"""

from hinet_tf.commands.export_tflite import main

if __name__ == "__main__":
    raise SystemExit(main())
