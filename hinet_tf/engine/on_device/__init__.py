"""Training on one accelerator with JAX, without TensorFlow."""
