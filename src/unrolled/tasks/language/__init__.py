"""The next symbol of a text."""
