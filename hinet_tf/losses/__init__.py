"""Losses of image restoration."""

from hinet_tf.losses.psnr_loss import PSNRLoss

__all__ = ["PSNRLoss"]
