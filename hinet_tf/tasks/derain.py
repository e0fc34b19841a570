"""Deraining: the paper's recipe on your photos, and the official one for Rain13k.

| recipe | network | loss | Adam | schedule | steps | batch | patch | reference figure |
|---|---|---|---|---|---|---|---|---|
| derain | 1×, all levels | PSNR | (.9, .99) | 2e-4 → 1e-7 | 4e5 | 64 | 256 | |
| rain13k | the same, 1e4 steps of warm-up | PSNR | (.9, .99) | 2e-4 → 1e-7 | 4e5 | 64 | 256 | |

    python training/train.py --task derain --data DIR
    python training/train.py --task derain --recipe rain13k --data tfds:rain13k

Scores of the literature are on luma: `training/evaluate.py --protocol hinet_y`.
"""

from hinet_tf.tasks.recipe import Recipe

# The paper, section 4.1.
DERAIN = Recipe(task="derain", degradation="rain")

# options/train/Rain13k/HINet.yml; its comment says "no warm up", its value is 10000.
RAIN13K = DERAIN.replace(data="tfds:rain13k", warmup_steps=10_000)
