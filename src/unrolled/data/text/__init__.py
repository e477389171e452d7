"""Texts as the numbers of their symbols."""
