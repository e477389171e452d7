"""Recurrent networks for data that has an order in time: forecasts, labels and text.

Letters in all docstrings: B batch, T time steps, D input features, H hidden, F horizon (forecast
steps), K targets, V vocabulary.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from unrolled.version import __version__

if TYPE_CHECKING:
    from unrolled.data import Corpus, Format, Roles, Sequences, Table, Windows, samples
    from unrolled.data.table.split import split
    from unrolled.errors import (
        DataError,
        EngineError,
        NotFittedError,
        RunError,
        SettingsError,
        TrainingError,
        UnrolledError,
    )
    from unrolled.layers import GRU, LSTM, RNN, Cell, GRUCell, LSTMCell, RNNCell, explain
    from unrolled.layers.accelerate import accelerate, restore
    from unrolled.layers.unroll import unroll
    from unrolled.tasks import Classifier, Dropout, Forecaster, LanguageModel, write_report
    from unrolled.training import Training

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Cell",
    "Classifier",
    "Corpus",
    "DataError",
    "Dropout",
    "EngineError",
    "Forecaster",
    "Format",
    "GRUCell",
    "LSTMCell",
    "LanguageModel",
    "NotFittedError",
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
    "__version__",
    "accelerate",
    "explain",
    "restore",
    "samples",
    "split",
    "unroll",
    "write_report",
]

_HOMES = tuple(f"unrolled.{room}" for room in ("errors", "data", "layers", "tasks", "training"))


def __getattr__(name: str) -> Any:
    """Import a room, or a public name, when it is first used: `--help` must not wait for torch."""
    if f"unrolled.{name}" in _HOMES:
        return import_module(f"unrolled.{name}")
    if name in __all__:
        for home in map(import_module, _HOMES):
            if hasattr(home, name):
                return getattr(home, name)
    raise AttributeError(f"module 'unrolled' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
