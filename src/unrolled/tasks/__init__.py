"""The tasks: forecasting, classification, language. Each folder holds the same file names."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unrolled.tasks.classification.estimator import Classifier
    from unrolled.tasks.forecasting.estimator import Forecaster
    from unrolled.tasks.language.estimator import LanguageModel
    from unrolled.tasks.language.settings import Dropout

_HOMES = {
    "Classifier": "classification.estimator",
    "Dropout": "language.settings",
    "Forecaster": "forecasting.estimator",
    "LanguageModel": "language.estimator",
}

__all__ = ["Classifier", "Dropout", "Forecaster", "LanguageModel"]


def __getattr__(name: str) -> Any:
    """Import an estimator when it is first used: the command line must not wait for torch."""
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
