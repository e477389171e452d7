"""Estimators: an encoder, a head, and the verbs fit, predict, save, load."""

from unrolled.models.classifier import Classifier
from unrolled.models.forecaster import Forecaster
from unrolled.models.language import LanguageModel
from unrolled.models.settings import (
    ClassifierSettings,
    Dropout,
    ForecasterSettings,
    LanguageSettings,
)
from unrolled.models.surprise import Score

__all__ = [
    "Classifier",
    "ClassifierSettings",
    "Dropout",
    "Forecaster",
    "ForecasterSettings",
    "LanguageModel",
    "LanguageSettings",
    "Score",
]
