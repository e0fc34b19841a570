"""What the paper and the official option files train, and the same recipe on your photos.

| task | recipe | network | loss | Adam | schedule | reference |
|---|---|---|---|---|---|---|
| denoise | denoise | 1×, all levels | PSNR | (.9, .99) | 2e-4 → 1e-7 | |
| | sidd | 1×, all levels | L1 | (.9, .999) | 2e-4 → 1e-6 | 39.99 dB (0.5×: 39.82) |
| deblur | deblur, gopro | 1×, levels 3 and 4 | PSNR | (.9, .99) | 2e-4 → 1e-7 | 32.77 dB |
| | reds | the same, seed 100 | PSNR | (.9, .99) | 2e-4 → 1e-7 | 28.83 dB |
| derain | derain | 1×, all levels | PSNR | (.9, .99) | 2e-4 → 1e-7 | |
| | rain13k | the same, warm-up 1e4 | PSNR | (.9, .99) | 2e-4 → 1e-7 | 33.03 dB |
| dejpeg | dejpeg | 1×, all levels | PSNR | (.9, .99) | 2e-4 → 1e-7 | |

All take 4e5 steps on batches of 64 patches of 256x256. Reference: PSNR of the official weights; of
deblurring on the 1,111 GoPro and the 300 REDS validation images in tiles of 256, of deraining the
mean over five test sets on luma (`--protocol hinet_y`).

    python training/train.py --task denoise --data DIR
    python training/train.py --task denoise --recipe sidd --data tfds:sidd
    python training/train.py --task deblur --recipe gopro --data tfds:gopro
    python training/train.py --task deblur --recipe reds --data tfds:reds
    python training/train.py --task derain --recipe rain13k --data tfds:rain13k
    python training/train.py --task dejpeg --data DIR --set quality=10,60

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

# The paper, section 4.1, with the levels of options/train/GoPro/HINet.yml. Only the two deepest
# normalize (`hin_position_left: 3`): blur lives in the statistics that normalization removes at
# full resolution.
DEBLUR = Recipe(task="deblur", degradation="motion_blur", hin_levels=(3, 4))

# options/train/GoPro/HINet.yml: 512 pixel crops of the training frames.
GOPRO = DEBLUR.replace(data="tfds:gopro")

# options/train/REDS/HINet.yml: whole frames, JPEG-compressed blur.
REDS = DEBLUR.replace(data="tfds:reds", seed=100)

# The paper, section 4.1.
DERAIN = Recipe(task="derain", degradation="rain")

# options/train/Rain13k/HINet.yml; its comment says "no warm up", its value is 10000.
RAIN13K = DERAIN.replace(data="tfds:rain13k", warmup_steps=10_000)

# The paper's recipe for a task that the paper does not have: one network for all qualities
# between 10 (visible blocks) and 60 (hardly visible).
DEJPEG = Recipe(task="dejpeg", degradation="jpeg", quality=(10, 60))

RECIPES = {
    "denoise": DENOISE,
    "deblur": DEBLUR,
    "derain": DERAIN,
    "dejpeg": DEJPEG,
    "sidd": SIDD,
    "gopro": GOPRO,
    "reds": REDS,
    "rain13k": RAIN13K,
}
