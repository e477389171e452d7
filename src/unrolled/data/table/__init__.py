"""A table over regular time: read, split, encoded, cut into windows."""
