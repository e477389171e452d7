"""Columns of any table: read from files and frames, their roles given or inferred."""
