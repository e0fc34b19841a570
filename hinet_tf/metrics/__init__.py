"""How good a restored image is."""

from hinet_tf.metrics.psnr import PSNR
from hinet_tf.metrics.ssim import SSIM

__all__ = ["PSNR", "SSIM"]
