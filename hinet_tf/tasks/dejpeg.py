"""Removal of JPEG artefacts: the paper's recipe for a task that the paper does not have.

| recipe | network | loss | Adam | schedule | steps | batch | patch |
|---|---|---|---|---|---|---|---|
| dejpeg | 1×, all levels | PSNR | (.9, .99) | 2e-4 → 1e-7 | 4e5 | 64 | 256 |

    python training/train.py --task dejpeg --data DIR --set quality=10,60
"""

from hinet_tf.tasks.recipe import Recipe

# One network for all qualities between 10 (visible blocks) and 60 (hardly visible).
DEJPEG = Recipe(task="dejpeg", degradation="jpeg", quality=(10, 60))
