"""What the networks of several tasks share: layers by name, dropout, ensembles, checks."""
