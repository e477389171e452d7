"""Label a sequence, or each of its steps."""
