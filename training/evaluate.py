"""Scores models on test sets under the published protocols.

    python training/evaluate.py --task denoise --model denoise.keras --data SIDD

The same as `hinet evaluate`; --help lists the options.
"""

from hinet_tf.commands.evaluate import main

if __name__ == "__main__":
    raise SystemExit(main())
