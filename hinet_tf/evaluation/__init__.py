"""Scores of trained models over test sets, and pages that show them."""
