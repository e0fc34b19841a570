"""Times a model as .tflite in every recipe, and shows what each loses.

    python export/benchmark.py --model denoise.keras --out runs/benchmark

The same as `hinet benchmark`; --help lists the options.
"""

from hinet_tf.commands.benchmark import main

if __name__ == "__main__":
    raise SystemExit(main())
