"""Cells: one step of a recurrent network each, written as its equations are."""

from unrolled.layers.cells.cell import Cell, GRUCell, LSTMCell, RNNCell, each_part

__all__ = ["Cell", "GRUCell", "LSTMCell", "RNNCell", "each_part"]
