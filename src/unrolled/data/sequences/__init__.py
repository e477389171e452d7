"""Sequences of any lengths, with one label each or one for each time step."""
