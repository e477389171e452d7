"""Recurrent networks for data that has an order in time: forecasts, labels and text.

Letters in all docstrings: B batch, T time steps, D input features, H hidden, F horizon (forecast
steps), K targets, V vocabulary.
"""

__version__ = "0.1.0"

from unrolled.data import Roles, Sequences, Table, Windows, samples, split
from unrolled.errors import (
    DataError,
    EngineError,
    RunError,
    SettingsError,
    TrainingError,
    UnrolledError,
)
from unrolled.layers import (
    GRU,
    LSTM,
    RNN,
    Cell,
    GRUCell,
    LSTMCell,
    RNNCell,
    accelerate,
    explain,
    restore,
    unroll,
)
from unrolled.models import Forecaster
from unrolled.training import Training

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Cell",
    "DataError",
    "EngineError",
    "Forecaster",
    "GRUCell",
    "LSTMCell",
    "RNNCell",
    "Roles",
    "RunError",
    "Sequences",
    "SettingsError",
    "Table",
    "Training",
    "TrainingError",
    "UnrolledError",
    "Windows",
    "accelerate",
    "explain",
    "restore",
    "samples",
    "split",
    "unroll",
]
