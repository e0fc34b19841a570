"""The deployable graph: a trained network rewritten for fewer and simpler operations."""
