"""Denoising: the paper's recipe on your photos, and the official one for SIDD.

| recipe | network | loss | Adam | schedule | steps | batch | patch | reference |
|---|---|---|---|---|---|---|---|---|
| denoise | 1×, all levels | PSNR | (.9, .99) | 2e-4 → 1e-7 | 4e5 | 64 | 256 | |
| sidd | 1×, all levels | L1 | (.9, .999) | 2e-4 → 1e-6 | 4e5 | 64 | 256 | 39.99 dB (0.5×: 39.82) |

    python training/train.py --task denoise --data DIR
    python training/train.py --task denoise --recipe sidd --data tfds:sidd

The paper trained on 8 GPUs. On a laptop, `--scale 0.25 --patch 64 --batch 8 --steps 1000
--set learning_rate=1e-3`, which is what you get without `--data`, learns to denoise in minutes.
"""

from hinet_tf.tasks.recipe import Recipe

# The paper, section 4.1, with noise as a camera's sensor makes it where the data has no pairs.
DENOISE = Recipe(task="denoise", degradation="sensor_noise")

# options/train/SIDD/HINet.yml of the official code (0.5×: HINet-0.5x.yml with scale 0.5).
SIDD = DENOISE.replace(
    loss="l1",
    beta_2=0.999,
    final_learning_rate=1e-6,
    augmentation="sidd",
    seed=100,
    data="tfds:sidd",
)
