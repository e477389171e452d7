"""Sequences of any lengths, with a label for each or for each of their steps."""
