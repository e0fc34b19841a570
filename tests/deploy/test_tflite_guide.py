"""The Python example of docs/tflite.md, run as it stands."""

import re
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

import hinet_tf

GUIDE = (Path(__file__).parents[2] / "docs" / "tflite.md").read_text(encoding="utf-8")


def test_the_tiling_example(denoiser, tmp_path, monkeypatch):
    (example,) = [
        code for code in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL) if "ramp" in code
    ]
    hinet_tf.export_tflite(denoiser, tmp_path / "denoise.tflite")
    photo = data.chelsea()[:300, :290]
    Image.fromarray(photo).save(tmp_path / "noisy.png")
    monkeypatch.chdir(tmp_path)
    exec(example, {})
    restored = np.asarray(Image.open("restored.png")).astype(float)
    assert restored.shape == photo.shape
    # Within one tile and far from its border, the tile's own result.
    tile = denoiser(photo[None, :256, :256] / np.float32(255))["restored"][0].numpy()
    middle = np.s_[40:200, 40:200]
    difference = np.abs(restored[:256, :256][middle] - tile[middle].clip(0, 1) * 255)
    # Rounding to 8 bits costs 0.25 on average, float16 weights a little here and there.
    assert difference.mean() < 0.4 and difference.max() < 4
