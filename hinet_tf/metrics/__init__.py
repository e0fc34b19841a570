"""How good a restored image is."""

from hinet_tf.metrics.evaluate_images import evaluate_images
from hinet_tf.metrics.psnr import PSNR
from hinet_tf.metrics.ssim import SSIM

__all__ = ["PSNR", "SSIM", "evaluate_images"]
