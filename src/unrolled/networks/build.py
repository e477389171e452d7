"""Recurrent layers by the name of their cell."""

from unrolled import layers

CELLS = {"rnn": layers.RNN, "lstm": layers.LSTM, "gru": layers.GRU}
