"""Batches made on the accelerator itself, without TensorFlow."""
