"""Command-line programs that export; installed as `hinet_tf.export`."""
