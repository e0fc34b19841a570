"""The command lines: shared options, and the commands `hinet-restore` and `hinet-data`."""
