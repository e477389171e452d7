"""Recurrent layers: torch's own, on an engine of your choice."""
