"""Exports a trained model as a SavedModel for TensorFlow Serving.

    python export/saved_model.py --model denoise.keras --out models/denoise

The same as `hinet export saved-model`; --help lists the options.
"""

from hinet_tf.commands.export_saved_model import main

if __name__ == "__main__":
    raise SystemExit(main())
