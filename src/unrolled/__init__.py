"""Recurrent networks for data that has an order in time."""

from unrolled.errors import (
    DataError,
    EngineError,
    RunError,
    SettingsError,
    TrainingError,
    UnrolledError,
)

__version__ = "0.1.0"

__all__ = [
    "DataError",
    "EngineError",
    "RunError",
    "SettingsError",
    "TrainingError",
    "UnrolledError",
]
