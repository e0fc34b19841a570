"""Image files: headers, decoding, reading and writing."""
