"""Restoration of many images with Apache Beam."""
