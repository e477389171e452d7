"""Estimators: an encoder, a head, and the verbs fit, predict, save, load."""
