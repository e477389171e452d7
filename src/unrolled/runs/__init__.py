"""One fit, from a plan to a run folder, and back."""
