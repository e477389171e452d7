"""Data that has an order in time: tables, sequences, windows over them."""
