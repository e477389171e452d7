"""Cells: one step of a recurrent network each, written as its equations are."""

from unrolled.layers.cells.cell import Cell, CellWeights, Width, each_part
from unrolled.layers.cells.gru import GRUCell
from unrolled.layers.cells.lstm import LSTMCell
from unrolled.layers.cells.rnn import RNNCell

__all__ = ["Cell", "CellWeights", "GRUCell", "LSTMCell", "RNNCell", "Width", "each_part"]
