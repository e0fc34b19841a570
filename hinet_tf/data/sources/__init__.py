"""Where training images come from: files, arrays, records, caches."""
