"""Forecast the next steps of a table."""
