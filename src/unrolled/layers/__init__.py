"""Recurrent layers: torch's own, on an engine of your choice."""

from unrolled.layers.accelerate import Swap, accelerate, restore
from unrolled.layers.cells import Cell, GRUCell, LSTMCell, RNNCell
from unrolled.layers.engines import Choice, explain
from unrolled.layers.recurrent import GRU, LSTM, RNN
from unrolled.layers.unroll import unroll

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Cell",
    "Choice",
    "GRUCell",
    "LSTMCell",
    "RNNCell",
    "Swap",
    "accelerate",
    "explain",
    "restore",
    "unroll",
]
