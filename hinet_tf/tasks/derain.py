"""Deraining: the paper's recipe on your photos, and the official one for Rain13k.

| recipe | network | loss | Adam | schedule | steps | batch | patch | reference |
|---|---|---|---|---|---|---|---|---|
| derain | 1×, all levels | PSNR | (.9, .99) | 2e-4 → 1e-7 | 4e5 | 64 | 256 | |
| rain13k | the same, warm-up 1e4 | PSNR | (.9, .99) | 2e-4 → 1e-7 | 4e5 | 64 | 256 | 33.03 dB |

    python training/train.py --task derain --data DIR
    python training/train.py --task derain --recipe rain13k --data tfds:rain13k

Reference: mean over the five test sets, on luma: `training/evaluate.py --protocol hinet_y`.
"""

from hinet_tf.tasks.recipe import Recipe

# The paper, section 4.1.
DERAIN = Recipe(task="derain", degradation="rain")

# options/train/Rain13k/HINet.yml; its comment says "no warm up", its value is 10000.
RAIN13K = DERAIN.replace(data="tfds:rain13k", warmup_steps=10_000)
