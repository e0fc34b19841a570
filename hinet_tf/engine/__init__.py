"""What training adds to Keras: strategies, callbacks, checkpoints, the run directory."""
