"""Any table before it has a meaning: reading it, roles of columns, guesses."""
