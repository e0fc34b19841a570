"""Restores millions of image files with Apache Beam, on one machine or on a cluster.

    python export/bulk_restore.py --input 'photos/**' --model models/denoise/1 --out restored

The same as `hinet bulk`; --help lists the options.
"""

from hinet_tf.commands.bulk import main

if __name__ == "__main__":
    raise SystemExit(main())
