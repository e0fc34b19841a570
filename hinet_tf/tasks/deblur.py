"""Deblurring: the paper's recipe on your photos, and the official ones for GoPro and REDS.

| recipe | network | loss | Adam | schedule | steps | batch | patch | reference |
|---|---|---|---|---|---|---|---|---|
| deblur, gopro | 1×, levels 3 and 4 | PSNR | (.9, .99) | 2e-4 → 1e-7 | 4e5 | 64 | 256 | 32.77 dB |
| reds | the same, seed 100 | PSNR | (.9, .99) | 2e-4 → 1e-7 | 4e5 | 64 | 256 | 28.83 dB |

Reference: PSNR of the official weights on the 1,111 GoPro and the 300 REDS validation images, in
tiles of 256.

    python training/train.py --task deblur --data DIR
    python training/train.py --task deblur --recipe gopro --data tfds:gopro
    python training/train.py --task deblur --recipe reds --data tfds:reds

Only the two deepest levels normalize (`hin_position_left: 3` of the official option files): blur
lives in the statistics that normalization removes at full resolution.
"""

from hinet_tf.tasks.recipe import Recipe

# The paper, section 4.1, with the levels of options/train/GoPro/HINet.yml.
DEBLUR = Recipe(task="deblur", degradation="motion_blur", hin_levels=(3, 4))

# options/train/GoPro/HINet.yml: 512 pixel crops of the training frames.
GOPRO = DEBLUR.replace(data="tfds:gopro")

# options/train/REDS/HINet.yml: whole frames, JPEG-compressed blur.
REDS = DEBLUR.replace(data="tfds:reds", seed=100)
