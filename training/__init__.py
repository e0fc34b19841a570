"""Command-line programs that train, score and convert; installed as `hinet_tf.training`."""
